"""Convolutions: by slices, and in a small network for images of digits."""

import numpy as np

from tools.bench.kernels.kernel import Kernel


def convolution(image, weights):
    n, m = weights.shape
    height, width = image.shape[0] - n + 1, image.shape[1] - m + 1
    out = np.zeros((height, width))
    for i in range(n):
        for j in range(m):
            out += weights[i, j] * image[i : i + height, j : j + width]
    return np.sum(np.tanh(out))


def convolution_by_hand(image, weights):
    n, m = weights.shape
    height, width = image.shape[0] - n + 1, image.shape[1] - m + 1
    out = np.zeros((height, width))
    for i in range(n):
        for j in range(m):
            out += weights[i, j] * image[i : i + height, j : j + width]
    out = np.tanh(out)
    out_bar = 1.0 - out * out
    image_bar = np.zeros(image.shape)
    weights_bar = np.zeros(weights.shape)
    for i in range(n):
        for j in range(m):
            weights_bar[i, j] = np.sum(out_bar * image[i : i + height, j : j + width])
            image_bar[i : i + height, j : j + width] += weights[i, j] * out_bar
    return image_bar, weights_bar


def convolved(images, kernels):
    """Images by height, width and channel, with kernels by height, width and both channels."""
    n, height, width, _ = images.shape
    size, _, _, channels = kernels.shape
    out = np.zeros((n, height - size + 1, width - size + 1, channels))
    for i in range(size):
        for j in range(size):
            out += images[:, i : i + height - size + 1, j : j + width - size + 1] @ kernels[i, j]
    return out


def pooled(maps):
    return 0.25 * (maps[:, ::2, ::2] + maps[:, 1::2, ::2] + maps[:, ::2, 1::2] + maps[:, 1::2, 1::2])


def lenet(first, second, dense, last, images, labels):
    """Two convolutions, two dense layers and a softmax, as in LeNet-5 (LeCun and others 1998)."""
    maps = pooled(np.tanh(convolved(images, first)))
    maps = pooled(np.tanh(convolved(maps, second)))
    hidden = np.tanh(maps.reshape(len(images), -1) @ dense)
    score = hidden @ last
    score = score - np.max(score, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(score), axis=1)) - np.sum(score * labels, axis=1))


def _convolved_back(out_bar, images, kernels):
    _, height, width, _ = out_bar.shape
    size = kernels.shape[0]
    images_bar = np.zeros(images.shape)
    kernels_bar = np.zeros(kernels.shape)
    flat_bar = out_bar.reshape(-1, out_bar.shape[3])
    for i in range(size):
        for j in range(size):
            window = images[:, i : i + height, j : j + width]
            kernels_bar[i, j] = window.reshape(-1, window.shape[3]).T @ flat_bar
            images_bar[:, i : i + height, j : j + width] += out_bar @ kernels[i, j].T
    return images_bar, kernels_bar


def _pooled_back(out_bar, shape):
    maps_bar = np.empty(shape)
    quarter = 0.25 * out_bar
    maps_bar[:, ::2, ::2] = quarter
    maps_bar[:, 1::2, ::2] = quarter
    maps_bar[:, ::2, 1::2] = quarter
    maps_bar[:, 1::2, 1::2] = quarter
    return maps_bar


def lenet_by_hand(first, second, dense, last, images, labels):
    n = len(images)
    one = np.tanh(convolved(images, first))
    small = pooled(one)
    two = np.tanh(convolved(small, second))
    maps = pooled(two)
    flat = maps.reshape(n, -1)
    hidden = np.tanh(flat @ dense)
    score = hidden @ last
    weights = np.exp(score - np.max(score, axis=1, keepdims=True))
    total = np.sum(labels, axis=1, keepdims=True)
    score_bar = (total * weights / np.sum(weights, axis=1, keepdims=True) - labels) / n
    last_bar = hidden.T @ score_bar
    hidden_bar = (score_bar @ last.T) * (1.0 - hidden * hidden)
    dense_bar = flat.T @ hidden_bar
    maps_bar = (hidden_bar @ dense.T).reshape(maps.shape)
    two_bar = _pooled_back(maps_bar, two.shape) * (1.0 - two * two)
    small_bar, second_bar = _convolved_back(two_bar, small, second)
    one_bar = _pooled_back(small_bar, one.shape) * (1.0 - one * one)
    _, first_bar = _convolved_back(one_bar, images, first)
    return first_bar, second_bar, dense_bar, last_bar


def _lenet(rng):
    labels = np.eye(10)[rng.integers(0, 10, 16)]
    weights = (
        rng.normal(size=(5, 5, 1, 6)) / 5,
        rng.normal(size=(5, 5, 6, 16)) / 12,
        rng.normal(size=(256, 84)) / 16,
        rng.normal(size=(84, 10)) / 9,
    )
    return *weights, rng.normal(size=(16, 28, 28, 1)), labels


KERNELS = (
    Kernel(
        convolution, lambda rng: (rng.normal(size=(200, 200)), rng.normal(size=(5, 5))), convolution_by_hand, (0, 1)
    ),
    Kernel(lenet, _lenet, lenet_by_hand, (0, 1, 2, 3), family="blas"),
)
