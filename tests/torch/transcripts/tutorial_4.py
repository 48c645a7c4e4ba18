# autograd overview page
# %% imports
import __TORCH__ as torch
from __TORCH__ import nn, optim
import __TORCH__.nn.functional as F
# %% scalars
x = torch.tensor(2.0, requires_grad=True)
y = torch.tensor(3.0, requires_grad=True)
a = x + y
b = x * y
c = a * b
print(f"x: {x}, y: {y}")
print(f"sum {a} product {b} total {c}")
print(x, a, c)
print(f"x.grad_fn: {x.grad_fn}")
print(f"a.grad_fn: {a.grad_fn}")
print(f"c.grad_fn: {c.grad_fn}")
c.backward()
print(f"{x.grad} {y.grad}")
print(repr(x.grad), x.grad.item(), float(y.grad))
# %% norm loop, no .data
x = torch.tensor([1.4971, -0.7796, -0.5792], requires_grad=True)
print(f"x: {x}")
y = x * 2
while y.norm() < 1000:
    y = y * 2
print(f"y: {y}")
v = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float32)
y.backward(v)
print(f"grad {x.grad}")
# %% tracking off
x = torch.tensor(5.0, requires_grad=True)
y = x * 2
print(f"y.requires_grad: {y.requires_grad}")
with torch.no_grad():
    z = x * 3
    print(f"inside: {z.requires_grad}")
w = x.detach()
print(f"detached: {w.requires_grad}")
for t in (z, w):
    try:
        t.backward()
        print('no error')
    except RuntimeError as e:
        print(type(e).__name__, e)
print(x.grad)
# %% Linear
model = torch.nn.Linear(1, 1)
print(model, model.weight.shape, model.bias.shape)
with torch.no_grad():
    model.weight.fill_(2.0); model.bias.fill_(-0.5)
data = torch.tensor([[3.0]])
with torch.no_grad():
    out = model(data)
print(out.requires_grad, out)
out = model(data)
print(out.requires_grad, out)
out.backward()
print(model.weight.grad, model.bias.grad)
print(model.weight)
# %% Module
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(2, 3)
        self.l2 = nn.Linear(3, 1)
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.register_buffer('offset', torch.tensor([0.25]))
    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x))) * self.scale + self.offset
net = Net()
print(net)
print([n for n, _ in net.named_parameters()], len(list(net.parameters())))
print(list(net.state_dict().keys()))
with torch.no_grad():
    for i, p in enumerate(net.parameters()):
        p.copy_(torch.arange(1, p.numel() + 1).reshape(p.shape) * (0.1 * (i + 1)))
X = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
o = net(X)
print(o)
o.sum().backward()
for n, p in net.named_parameters(): print(n, p.grad)
net.zero_grad()
print([p.grad for p in net.parameters()])
print(net.training, net.eval().training, net.train() is net)
# %% custom Function
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inp, k):
        ctx.save_for_backward(inp); ctx.k = k
        return inp ** 3 * k
    @staticmethod
    def backward(ctx, g):
        inp, = ctx.saved_tensors
        return 3 * ctx.k * inp ** 2 * g, None
t = torch.tensor([1.0, -2.0], requires_grad=True)
o = Cube.apply(t, 2.0)
print(o)
print(o.grad_fn)
o.sum().backward()
print(t.grad)
# %% custom Function: needs_input_grad, wrong number of gradients
class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b); return a * b
    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        print('needs', ctx.needs_input_grad)
        return g * b, (g * a if ctx.needs_input_grad[1] else None)
p = torch.tensor(3.0, requires_grad=True); q = torch.tensor(4.0)
Two.apply(p, q).backward()
print(p.grad, q.grad)
class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b): return a * b
    @staticmethod
    def backward(ctx, g): return g
try: Bad.apply(p, q).backward()
except RuntimeError as e: print(type(e).__name__, e)
# %% profiler
with torch.autograd.profiler.profile() as prof:
    s = (torch.ones(3, requires_grad=True) * 2).sum(); s.backward()
tab = prof.key_averages().table(sort_by='self_cpu_time_total')
print('aten::mul' in tab, 'aten::sum' in tab, 'Self CPU' in tab)
with torch.autograd.profiler.record_function('my block'):
    print((torch.ones(2) + 1).sum())
# %% accumulation over micro-batches equals the big batch
def mk():
    l = nn.Linear(2, 1)
    with torch.no_grad():
        l.weight.copy_(torch.tensor([[0.5, -1.0]])); l.bias.copy_(torch.tensor([0.1]))
    return l
X = torch.tensor([[1., 2.], [3., 4.], [5., 6.], [7., 8.]]); Y = torch.tensor([[1.], [0.], [2.], [1.]])
big = mk(); F.mse_loss(big(X), Y).backward()
acc = mk()
for i in range(0, 4, 2):
    (F.mse_loss(acc(X[i:i+2]), Y[i:i+2]) / 2).backward()
print(big.weight.grad, big.bias.grad)
print(torch.allclose(big.weight.grad, acc.weight.grad), torch.allclose(big.bias.grad, acc.bias.grad))
# %% clipping
nv = torch.nn.utils.clip_grad_norm_(acc.parameters(), max_norm=1.0)
print(nv)
print(acc.weight.grad, acc.bias.grad)
torch.nn.utils.clip_grad_value_(acc.parameters(), clip_value=0.5)
print(acc.weight.grad, acc.bias.grad)
opt = optim.SGD(acc.parameters(), lr=0.1); opt.step(); opt.zero_grad()
print(acc.weight, acc.bias.grad)
# %% manual_seed repeats a draw
torch.manual_seed(3); r1 = torch.randn(4); u1 = torch.rand(2, 2)
torch.manual_seed(3); r2 = torch.randn(4); u2 = torch.rand(2, 2)
print(torch.equal(r1, r2), torch.equal(u1, u2), r1.shape, u1.dtype)
# %% manual_seed gives torch's own numbers
torch.manual_seed(0)
print(torch.rand(3))
torch.manual_seed(0)
print(torch.randn(3))
