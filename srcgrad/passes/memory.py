"""What interpreting a function has found so far, for the next time it is interpreted.

A stage changes a few statements, and all of them are interpreted again. A statement that is the same
object as before, in the same environment, leaves the same environment behind; and what has been asked
about an expression in an environment need not be worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from srcgrad.passes.resolve import Scope
from srcgrad.passes.view import Env, View
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Stmt


@dataclass
class Step:
    """A statement in an environment; `after` is None until it is known what it leaves behind."""

    part: object  # keeps the identity that the step is found by
    before: Env
    after: Env | None = None


@dataclass
class Memory:
    """The steps by the identity of what is computed, the views by that of their environment."""

    steps: dict[int, list[Step]] = field(default_factory=dict)
    views: dict[int, View] = field(default_factory=dict)

    def step(self, s: Stmt, env: Env) -> Step:
        """The step of a statement from an environment, which is the known one if an equal one is known."""
        part = _computed(s)
        known = self.steps.setdefault(id(part), [])
        for step in known:
            if step.before is env or step.before == env:
                return step
        known.append(Step(part, env))
        return known[-1]

    def view(self, env: Env, scope: Scope) -> View:
        """The view of an environment, with what is known of it."""
        view = self.views.get(id(env))
        if view is None:
            view = self.views[id(env)] = View(env, scope)
        elif view.scope.variables != scope.variables:
            view = self.views[id(env)] = View(env, scope, view.known)
        return view


def _computed(s: Stmt) -> object:
    """What stays itself when the blocks of a statement change."""
    match s:
        case ir.If() | ir.While():
            return s.test
        case ir.For():
            return s.iterable
        case _:
            return s
