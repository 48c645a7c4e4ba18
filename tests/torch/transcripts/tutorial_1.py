# autograd quick-start page
# %% imports
import __TORCH__ as torch
import __TORCH__.nn.functional as F
W = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [-0.1, -0.2, -0.3], [0.7, 0.8, 0.9], [-1.0, 0.5, 0.25]]
B = [0.1, -0.2, 0.3]
# %% one layer
x = torch.ones(5); y = torch.zeros(3)
w = torch.tensor(W, requires_grad=True); b = torch.tensor(B, requires_grad=True)
print(x); print(y)
print(w)
print(b)
z = torch.matmul(x, w) + b
print(z)
loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
print(loss)
print(F.binary_cross_entropy_with_logits(z, y).item() == loss.item())
# %% requires_grad later
u = torch.ones(2)
print(u.requires_grad, u.requires_grad_(True) is u, u.requires_grad)
u.requires_grad = False
print(u.requires_grad)
# %% grad_fn of results
print('z:', z.grad_fn)
print('loss:', loss.grad_fn)
print(x.grad_fn, w.grad_fn)
print(z.grad_fn.name(), loss.grad_fn.name(), type(z.grad_fn).__name__)
# %% leaves
print([t.is_leaf for t in (x, y, w, b, z, loss)])
print(w.grad, b.grad)
# %% backward
r = loss.backward()
print(r)
print(w.grad)
print(b.grad)
print(w.grad.requires_grad, w.grad.is_leaf, w.grad.shape == w.shape, x.grad)
# %% non-leaf gradient access warns and is None
import warnings
with warnings.catch_warnings(record=True) as rec:
    warnings.simplefilter('always')
    g = z.grad
print(g, len(rec), rec[0].category.__name__ if rec else None)
print(str(rec[0].message).split('. ')[0] if rec else None)
# %% a second backward through freed buffers
try:
    loss.backward()
    print('no error')
except RuntimeError as e:
    print(type(e).__name__, str(e).split('. ')[0])
    print(str(e))
print(b.grad)
# %% retain_graph permits it, and accumulates
w2 = torch.tensor(W, requires_grad=True); b2 = torch.tensor(B, requires_grad=True)
l2 = F.binary_cross_entropy_with_logits(torch.matmul(x, w2) + b2, y)
l2.backward(retain_graph=True); l2.backward()
print(b2.grad)
print(torch.allclose(b2.grad, 2 * b.grad), torch.allclose(w2.grad, w.grad * 2))
# %% no_grad and detach
z = torch.matmul(x, w) + b
print(z.requires_grad)
with torch.no_grad():
    z = torch.matmul(x, w) + b
print(z.requires_grad, z.grad_fn, z.is_leaf)
print(z)
z = torch.matmul(x, w) + b
z_det = z.detach()
print(z_det.requires_grad, z_det.grad_fn)
print(z_det)
print(z_det.data_ptr() == z.data_ptr())
# %% frozen tensor
wf = torch.tensor(W); bf = torch.tensor(B, requires_grad=True)
lf = F.binary_cross_entropy_with_logits(torch.matmul(x, wf) + bf, y); lf.backward()
print(wf.grad, bf.grad)
# %% dynamic graph: control flow per iteration
t = torch.tensor(1.5, requires_grad=True)
for k in range(3):
    v = t
    for _ in range(k + 1):
        v = v * t if k % 2 == 0 else v + t
    t.grad = None
    v.backward()
    print(k, v, t.grad)
# %% vector-Jacobian products, accumulation
inp = torch.eye(5, requires_grad=True)
out = (inp + 1).pow(2)
print(inp)
print(out)
print(out.grad_fn)
out.backward(torch.ones_like(inp), retain_graph=True)
print('first\n', inp.grad)
out.backward(torch.ones_like(inp), retain_graph=True)
print('second\n', inp.grad)
r = inp.grad.zero_()
print(r is inp.grad, r)
out.backward(torch.ones_like(inp), retain_graph=True)
print('after zero\n', inp.grad)
# %% size of v must match
try: out.backward(torch.ones(4), retain_graph=True)
except RuntimeError as e: print(e)
try: out.backward(retain_graph=True)
except RuntimeError as e: print(e)
# %% scalar: no argument is the same as tensor(1.0)
p = torch.tensor([1.0, 2.0], requires_grad=True); q = torch.tensor([1.0, 2.0], requires_grad=True)
(p * p).sum().backward(); (q * q).sum().backward(torch.tensor(1.0))
print(p.grad, q.grad, torch.equal(p.grad, q.grad))
# %% node links
print(loss.grad_fn.next_functions)
print(z.grad_fn.next_functions[1])
print(z.grad_fn.next_functions[1][0].variable is b)
