"""Likelihoods and estimators."""

import math

import numpy as np

from tests.corpus import case

X = np.array([0.5, 1.4, 2.0, 0.3, 1.1])
Y = np.array([1.0, 0.0, 1.0, 0.0, 1.0])


@case(mu=0.4, sigma=1.3)
def normal_log_likelihood(mu, sigma):
    z = (X - mu) / sigma
    return -0.5 * np.sum(z**2) - len(X) * math.log(sigma * math.sqrt(2 * math.pi))


@case(w=np.array([0.3, -0.8]))
def logistic_regression(w):
    design = np.stack([np.ones(5), X], axis=1)
    logits = design @ w
    return -np.mean(Y * logits - np.log1p(np.exp(logits))) + 0.1 * w @ w


@case(logits=np.array([[0.2, 1.0, -0.5], [1.5, 0.1, 0.3]]), labels=np.array([1, 0]))
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


@case(x=X)
def moments(x):
    m = np.mean(x)
    s = np.std(x, ddof=1)
    skew = np.mean(((x - m) / s) ** 3)
    kurtosis = np.mean((x - m) ** 4) / np.var(x) ** 2
    return skew + kurtosis + s


@case(x=X)
def order_statistics(x):
    return np.median(x) ** 2 + np.percentile(x, 30) * np.quantile(x, 0.8) + np.ptp(x) * np.sort(x)[1]


@case(x=X, y=np.array([0.1, 1.0, 2.2, 0.2, 1.5]))
def correlation_and_covariance(x, y):
    return np.corrcoef(x, y)[0, 1] + np.cov(x, y)[0, 0] * np.average(y, weights=x)


@case(x=X)
def welford(x):
    mean = m2 = 0.0
    for n, v in enumerate(x, start=1):
        delta = v - mean
        mean += delta / n
        m2 += delta * (v - mean)
    return m2 / (len(x) - 1) + mean


@case(x=X, half_life=2.0)
def exponential_smoothing(x, half_life):
    alpha = 1 - 0.5 ** (1 / half_life)
    level = x[0]
    errors = []
    for v in x[1:]:
        errors.append(v - level)
        level += alpha * errors[-1]
    return sum(e * e for e in errors) + level


@case(weights=np.array([0.3, 0.7]), means=np.array([0.5, 1.6]), scales=np.array([0.4, 0.6]))
def mixture_log_likelihood(weights, means, scales):
    total = 0.0
    for x in X:
        z = (x - means) / scales
        log_terms = np.log(weights) - 0.5 * z**2 - np.log(scales)
        top = np.max(log_terms)
        total += top + np.log(np.sum(np.exp(log_terms - top)))
    return total


@case(means=np.array([0.4, 1.8]))
def one_em_step(means):
    resp = np.exp(-0.5 * (X[:, None] - means) ** 2)
    resp /= resp.sum(axis=1, keepdims=True)
    counts = resp.sum(axis=0)
    new = resp.T @ X / counts
    return new


@case(theta=np.array([0.3, -0.2]))
def garch_likelihood(theta):
    omega, alpha = np.exp(theta)
    variance = np.var(X)
    total = 0.0
    for r in X - X.mean():
        total += 0.5 * (math.log(variance) + r * r / variance)
        variance = 0.1 * omega + 0.2 * alpha * r * r + 0.5 * variance
    return total


@case(length=0.8, noise=0.2)
def gaussian_process(length, noise):
    k = np.exp(-0.5 * ((X[:, None] - X[None, :]) / length) ** 2) + noise**2 * np.eye(5)
    c = np.linalg.cholesky(k)
    alpha = np.linalg.solve(c.T, np.linalg.solve(c, Y))
    return 0.5 * Y @ alpha + np.sum(np.log(np.diag(c)))


@case(beta=np.array([0.2, 0.1]))
def poisson_regression(beta):
    counts = [0, 2, 3, 1, 1]
    total = 0.0
    for x, n in zip(X, counts, strict=True):
        rate = math.exp(beta[0] + beta[1] * x)
        total += n * math.log(rate) - rate - math.lgamma(n + 1)
    return total


@case(x=np.array([0.2, -1.0, 3.0, 0.6]), delta=0.8)
def huber_loss(x, delta):
    small = np.abs(x) <= delta
    return np.sum(np.where(small, 0.5 * x**2, delta * (np.abs(x) - 0.5 * delta)))


@case(points=np.array([[0.0, 0.1], [0.9, 1.1], [0.2, 0.0], [1.2, 0.8]]))
def k_means(points):
    centres = points[:2].copy()
    for _ in range(3):
        distance = np.sum((points[:, None] - centres[None]) ** 2, axis=2)
        labels = np.argmin(distance, axis=1)
        for k in range(2):
            centres[k] = points[labels == k].mean(axis=0)
    return np.sum((points - centres[labels]) ** 2)


@case(values=X)
def weighted_histogram(values):
    bins = np.zeros(4)
    np.add.at(bins, np.minimum((values / 0.6).astype(int), 3), values)
    return np.sum(bins**2)


@case(x=X)
def bincount_and_interp(x):
    groups = np.array([0, 1, 0, 2, 1])
    sums = np.bincount(groups, weights=x)
    table = np.interp([0.4, 1.7], [0.0, 1.0, 2.0], x[:3])
    return sums @ sums + table[0] * table[1] + np.trapezoid(x, dx=0.5) + np.sum(np.diff(x) ** 2)


@case(
    q=np.array([0.5, 0.3, 0.2]),
    k=np.array([[0.1, 0.2, 0.4], [0.5, -0.1, 0.9]]),
    v=np.array([[1.0], [2.0]]),
)
def attention(q, k, v):
    scores = k @ q / math.sqrt(q.size)
    p = np.exp(scores - scores.max())
    p /= p.sum()
    return (p @ v).item()


@case(x=np.array([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]), gamma=np.array([1.0, 0.5, 2.0]), beta=0.1)
def layer_norm(x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta


@case(rate=0.7)
def metropolis_with_fixed_seed(rate):
    rng = np.random.default_rng(5)
    x, total = 1.0, 0.0
    for _ in range(10):
        proposal = abs(x + rng.normal())
        if rng.random() < math.exp(-1.5 * (proposal - x)):
            x = proposal
        total += math.exp(-rate * x)
    return total / 10


@case(mu=np.array([0.2, 0.4]), log_sigma=np.array([-0.5, 0.1]))
def reparameterised_elbo(mu, log_sigma):
    rng = np.random.default_rng(0)
    eps = rng.normal(size=(6, 2))
    z = mu + np.exp(log_sigma) * eps
    log_p = -0.5 * np.sum((z - 1.0) ** 2, axis=1)
    return log_p.mean() + np.sum(log_sigma)
