# notebook: tensors and gradients
# %% imports
import __TORCH__ as torch
# %% ones
x = torch.ones(2, 2, requires_grad = True)
print(x)
y = x + 2
print(y)
print(y.grad_fn)
# %% product and mean
z = y * y * 3
print(z)
out = z.mean()
print(out)
print(z.grad_fn, out.grad_fn)
# %% requires_grad_ in place
a = torch.tensor([[0.25, -1.5], [2.0, 0.4]])
a = (a * 3) / (a - 1)
print(a, a.requires_grad)
r = a.requires_grad_(True)
print(r is a, a.requires_grad, a.is_leaf)
b = (a * a).sum()
print(b, b.requires_grad)
print(b.grad_fn)
# %% gradients
out.backward()
print(x.grad)
x2 = torch.ones(2, 2, requires_grad=True)
((x2 + 2) * (x2 + 2) * 3).mean().backward(torch.tensor(1.))
print(torch.equal(x2.grad, x.grad))
# %% doubling until the norm is large
x = torch.tensor([1.4971, -0.7796, -0.5792], requires_grad = True)
y = x * 2
n = 1
while y.data.norm() < 1000:
    y = y * 2
    n += 1
print(n)
print(y)
print(y.data)
print(y.data.norm(), y.norm())
print(y.data.requires_grad, y.data.norm() < 1000, bool(y.data.norm() < 1000))
# %% vector
v = torch.tensor([0.1, 1.0, 0.0001], dtype = torch.float)
print(v, v.dtype)
y.backward(v)
print(x.grad)
# %% not without a vector
try:
    (x * 2).backward()
except RuntimeError as e:
    print(type(e).__name__, e)
# %% tracking off
print(x.requires_grad)
print((x ** 2).requires_grad)
with torch.no_grad():
    print((x ** 2).requires_grad)
print((x ** 2).requires_grad, torch.is_grad_enabled())
# %% no_grad as decorator and nesting
@torch.no_grad()
def f(t): return t * t
print(f(x).requires_grad)
with torch.no_grad():
    print(torch.is_grad_enabled())
    with torch.enable_grad():
        print((x * 2).requires_grad)
    print((x * 2).requires_grad)
# %% data shares memory and is not tracked
q = torch.tensor([1., 2.], requires_grad=True)
q.data.mul_(10)
print(q, q.is_leaf)
