"""Source text in, source text out.

`source` finds the text of a function and its syntax tree; `written` knows the places and comments in it;
`lower`, with `expressions`, turns both into the small IR of `ir`, which the passes work on; `emit` writes
an IR unit as text. `instrument` is the other way to use a
function's source: it rewrites every computation into a call of the recorder, for the programs that the
passes do not understand.
"""
