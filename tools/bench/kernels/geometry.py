"""Bundle adjustment: how far points, seen by cameras, are from where the pictures show them."""

import math

import numpy as np

from tools.bench.kernels.kernel import Kernel


def bundle_adjustment(cameras, points, observed, seen):
    """Half the squared errors; a camera is an axis times an angle, a place, a focal length and a distortion."""
    total = 0.0
    for k in range(len(observed)):
        ax, ay, az, tx, ty, tz, focal, bent = cameras[seen[k, 0]]
        px, py, pz = points[seen[k, 1]]
        angle = math.sqrt(ax * ax + ay * ay + az * az)
        c, s = math.cos(angle), math.sin(angle)
        nx, ny, nz = ax / angle, ay / angle, az / angle
        along = (nx * px + ny * py + nz * pz) * (1.0 - c)
        x = px * c + (ny * pz - nz * py) * s + nx * along + tx
        y = py * c + (nz * px - nx * pz) * s + ny * along + ty
        z = pz * c + (nx * py - ny * px) * s + nz * along + tz
        u, v = x / z, y / z
        stretch = focal * (1.0 + bent * (u * u + v * v))
        du, dv = stretch * u - observed[k, 0], stretch * v - observed[k, 1]
        total = total + 0.5 * (du * du + dv * dv)
    return total


def bundle_adjustment_by_hand(cameras, points, observed, seen):
    cameras_bar = np.zeros(cameras.shape)
    points_bar = np.zeros(points.shape)
    for k in range(len(observed)):
        ax, ay, az, tx, ty, tz, focal, bent = cameras[seen[k, 0]].tolist()
        px, py, pz = points[seen[k, 1]].tolist()
        angle = math.sqrt(ax * ax + ay * ay + az * az)
        c, s = math.cos(angle), math.sin(angle)
        nx, ny, nz = ax / angle, ay / angle, az / angle
        dot = nx * px + ny * py + nz * pz
        along = dot * (1.0 - c)
        wx, wy, wz = ny * pz - nz * py, nz * px - nx * pz, nx * py - ny * px
        x = px * c + wx * s + nx * along + tx
        y = py * c + wy * s + ny * along + ty
        z = pz * c + wz * s + nz * along + tz
        u, v = x / z, y / z
        bend = 1.0 + bent * (u * u + v * v)
        stretch = focal * bend
        seen_u, seen_v = observed[k].tolist()
        du, dv = stretch * u - seen_u, stretch * v - seen_v

        stretch_bar = du * u + dv * v
        bend_bar = stretch_bar * focal
        u_bar = du * stretch + 2.0 * bend_bar * bent * u
        v_bar = dv * stretch + 2.0 * bend_bar * bent * v
        x_bar, y_bar = u_bar / z, v_bar / z
        z_bar = -(x_bar * u + y_bar * v)
        along_bar = x_bar * nx + y_bar * ny + z_bar * nz
        dot_bar = along_bar * (1.0 - c)
        wx_bar, wy_bar, wz_bar = x_bar * s, y_bar * s, z_bar * s
        c_bar = x_bar * px + y_bar * py + z_bar * pz - along_bar * dot
        s_bar = x_bar * wx + y_bar * wy + z_bar * wz
        nx_bar = x_bar * along + dot_bar * px - wy_bar * pz + wz_bar * py
        ny_bar = y_bar * along + dot_bar * py + wx_bar * pz - wz_bar * px
        nz_bar = z_bar * along + dot_bar * pz - wx_bar * py + wy_bar * px
        points_bar[seen[k, 1]] += (
            x_bar * c + dot_bar * nx + wy_bar * nz - wz_bar * ny,
            y_bar * c + dot_bar * ny - wx_bar * nz + wz_bar * nx,
            z_bar * c + dot_bar * nz + wx_bar * ny - wy_bar * nx,
        )
        angle_bar = s_bar * c - c_bar * s - (nx_bar * nx + ny_bar * ny + nz_bar * nz) / angle
        cameras_bar[seen[k, 0]] += (
            nx_bar / angle + angle_bar * nx,
            ny_bar / angle + angle_bar * ny,
            nz_bar / angle + angle_bar * nz,
            x_bar,
            y_bar,
            z_bar,
            stretch_bar * bend,
            bend_bar * (u * u + v * v),
        )
    return cameras_bar, points_bar


def _scene(rng):
    cameras = np.concatenate(
        [rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), np.full((5, 1), 9.0), np.ones((5, 2))], axis=1
    )
    cameras[:, 7] = 0.1 * rng.normal(size=5)
    seen = np.stack([rng.integers(0, 5, 300), rng.integers(0, 100, 300)], axis=1)
    return cameras, rng.normal(size=(100, 3)), rng.normal(size=(300, 2)), seen


KERNELS = (Kernel(bundle_adjustment, _scene, bundle_adjustment_by_hand, (0, 1), family="loops"),)
