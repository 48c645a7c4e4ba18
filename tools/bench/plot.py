"""The kernels' table as a picture: how long each program takes, in units of our generated NumPy gradient."""


def plot(rows, path):
    """Write the picture to a file whose suffix says of which form; needs matplotlib, of the extra `bench`."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise SystemExit('--plot needs matplotlib: pip install "srcgrad[bench]"') from error
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(0.4 * len(rows) + 3, 5), layout="constrained")
    programs = dict.fromkeys(name for row in rows for name in row["median"] if name != "srcgrad")
    for name, marker in zip(programs, "_o*sv^Dx", strict=False):
        points = [
            (k, row["median"][name] / row["median"]["srcgrad"]) for k, row in enumerate(rows) if name in row["median"]
        ]
        axes.plot(*zip(*points, strict=True), marker, label=name)
    axes.axhline(1.0, color="black", linewidth=0.8, label="srcgrad")
    axes.set_yscale("log")
    axes.set_ylabel("time / time of srcgrad's NumPy gradient")
    axes.set_xticks(range(len(rows)), [row["kernel"] for row in rows], rotation=60, ha="right")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(path)
