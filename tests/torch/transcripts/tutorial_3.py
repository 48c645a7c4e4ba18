# notebook: differentiation, graph, small linear model, VJP
# %% imports
import __TORCH__ as torch
# %% basics
a = torch.tensor([2.0, 3.0], requires_grad=True)
print(a)
b = torch.tensor([6.0, 4.0], requires_grad=True)
print(b)
Q = 3*a**3 - b**2
print(Q)
external_grad = torch.tensor([1., 1.])
Q.backward(gradient=external_grad)
print(a.grad)
print(b.grad)
print(9*a**2 == a.grad)
print(-2*b == b.grad)
print((9*a**2 == a.grad).dtype, (9*a**2 == a.grad).all())
# %% graph on a (3,1) tensor
shape = (3, 1)
x = torch.tensor([[2.1829], [-0.0914], [0.7154]], requires_grad=True)
print(torch.zeros(shape), torch.ones(shape).shape)
print(torch.randn(shape, requires_grad=True).shape, torch.rand((5, 5), requires_grad=True).requires_grad)
print(x)
y = x+1
print(y)
print(y.requires_grad)
print(y.grad_fn)
z = y**2 + 3
print(z)
print(z.requires_grad)
print(z.grad_fn)
print(z.grad_fn.next_functions)
print(z.grad_fn.next_functions[0][0].next_functions)
print(z.grad_fn.next_functions[0][0].next_functions[0][0] is y.grad_fn)
print(y.grad_fn.next_functions)
print(y.grad_fn.next_functions[0][0].variable is x)
# %% one tracked input is enough
p = torch.ones(5, 5); q = torch.full((5, 5), 2.0); r = torch.full((5, 5), 3.0, requires_grad=True)
s = p + q
print(f"untracked sum: {s.requires_grad}")
t = p + r
print(f"tracked sum: {t.requires_grad}")
with torch.no_grad():
    c = p + r
print(c.requires_grad)
d = p + r
print(d.detach().requires_grad, d.requires_grad)
# %% linear model
n, m = 2, 3
x = torch.arange(n*m).reshape(n, m) * 1.0
print(x)
print(torch.arange(n*m), torch.arange(n*m).dtype)
target = torch.arange(2, n+2).reshape(n, 1) * 1.0
print(target)
w = torch.ones((3,1), requires_grad=True)
print(w)
print(w.grad)
output = x.matmul(w)
print(output)
print(output.grad_fn)
loss = ((output - target)**2).mean()
print(loss)
loss.backward()
print(w.grad)
# %% in-place update under no_grad
def update(w, learning_rate=0.1):
    with torch.no_grad():
        return w.add_(w.grad, alpha=-1*learning_rate)
r = update(w, 0.01)
print(r is w, w.requires_grad, w.is_leaf)
print(w)
# %% the same update outside no_grad is refused
try:
    w.add_(w.grad, alpha=-0.01)
    print('no error')
except RuntimeError as e:
    print(type(e).__name__, e)
try:
    w -= 0.01 * w.grad
    print('no error')
except RuntimeError as e:
    print(type(e).__name__, e)
print(w)
# %% a new graph after backward: training loop
for i in range(3):
    w.grad = None
    l = ((x.matmul(w) - target)**2).mean()
    l.backward()
    update(w, 0.01)
    print(i, l.item(), w.grad.view(-1).tolist())
# %% vector-Jacobian product again
a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3*a**3 - b**2
print(Q)
Q.backward(gradient=torch.tensor([1., 1.]))
print(a.grad)
print(a.grad.zero_())
print(a.grad)
# %% second backward on the same Q needs retain_graph
try:
    Q.sum().backward(retain_graph=True)
    print('no error')
except RuntimeError as e:
    print(type(e).__name__, str(e).split('. ')[0])
a.grad = None; b.grad = None
Q = 3*a**3 - b**2
Q.sum().backward(retain_graph=True)
print(a.grad, b.grad)
Q.sum().backward(retain_graph=True)
print(a.grad, b.grad)
