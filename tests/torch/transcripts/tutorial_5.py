# gentle introduction
# %% imports
import numpy as np
import __TORCH__ as torch
import __TORCHVISION__ as torchvision
from __TORCH__ import nn, optim
def fill(model, dtype=np.float32):
    with torch.no_grad():
        for i, (n, p) in enumerate(model.named_parameters()):
            r = np.random.RandomState(i)
            shp = tuple(p.shape)
            if len(shp) > 1: v = r.standard_normal(shp) * np.sqrt(2.0 / np.prod(shp[1:]))
            elif n.endswith('weight'): v = 1 + 0.1 * r.standard_normal(shp)
            else: v = 0.1 * r.standard_normal(shp)
            p.copy_(torch.from_numpy(np.asarray(v, dtype)))
rs = np.random.RandomState(99)
DATA = rs.random_sample((1, 3, 64, 64)); LAB = rs.random_sample((1, 1000))
# %% the model object
model = torchvision.models.resnet18()
print(sum(p.numel() for p in model.parameters()), len(list(model.parameters())))
print([n for n, _ in model.named_parameters()][:6], [n for n, _ in model.named_parameters()][-2:])
print(len(model.state_dict()), list(model.state_dict())[5:8])
print(model.fc)
print(model.layer2[0].downsample)
print(all(p.requires_grad and p.is_leaf for p in model.parameters()), model.training)
# %% forward pass (training mode, float32)
fill(model)
data = torch.from_numpy(DATA.astype(np.float32)); labels = torch.from_numpy(LAB.astype(np.float32))
prediction = model(data)
print(prediction.shape, prediction.requires_grad, prediction.grad_fn)
# %% loss and backward
loss = (prediction - labels).sum()
print(loss.grad_fn, loss.dim())
loss.backward()
print(all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters()))
print(model.fc.bias.grad.sum())
# %% momentum step
opt = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
print(opt)
before = model.fc.bias.detach().clone()
opt.step()
print(torch.allclose(before - model.fc.bias, torch.full((1000,), 0.01), atol=1e-6))
opt.zero_grad()
print(model.fc.bias.grad, int(model.bn1.num_batches_tracked))
# %% the same in float64, numbers compared
m = torchvision.models.resnet18(); m = m.double(); fill(m, np.float64)
d = torch.from_numpy(DATA); l = torch.from_numpy(LAB)
o = m(d)
print(o.dtype, o[0, :4].tolist(), o.sum().item())
ls = ((o - l) ** 2).mean(); ls.backward()
print(ls.item())
for n in ('conv1.weight', 'bn1.weight', 'layer1.0.conv2.weight', 'layer2.0.downsample.0.weight', 'layer4.1.bn2.bias', 'fc.weight', 'fc.bias'):
    p = dict(m.named_parameters())[n]
    print(n, p.grad.norm().item(), p.grad.abs().sum().item())
print(m.bn1.running_mean.norm().item(), m.layer4[1].bn2.running_var.sum().item())
op = optim.SGD(m.parameters(), lr=1e-2, momentum=0.9)
op.step()
for k in range(2):
    op.zero_grad(); ls = ((m(d) - l) ** 2).mean(); ls.backward(); op.step()
    print(k, ls.item())
print(m.conv1.weight.norm().item(), m.fc.weight.norm().item())
# %% eval mode uses running statistics
m.eval()
with torch.no_grad(): e = m(d)
print(e.requires_grad, e[0, :3].tolist())
# %% Q = 3a^3 - b^2
a = torch.tensor([2., 3.], requires_grad=True); b = torch.tensor([6., 4.], requires_grad=True)
Q = 3*a**3 - b**2
print(Q)
Q.backward(gradient=torch.tensor([1., 1.]))
print(9*a**2 == a.grad)
print(-2*b == b.grad)
# %% the scalar form
a2 = torch.tensor([2., 3.], requires_grad=True); b2 = torch.tensor([6., 4.], requires_grad=True)
(3*a2**3 - b2**2).sum().backward()
print(torch.equal(a.grad, a2.grad), torch.equal(b.grad, b2.grad))
# %% v as gradient of a scalar function l(y): J^T v
J = torch.autograd.functional.jacobian(lambda t: 3*t**3, torch.tensor([2., 3.]))
print(J)
vv = torch.tensor([0.5, -2.0]); c = torch.tensor([2., 3.], requires_grad=True)
(3*c**3).backward(vv)
print(c.grad, J.t() @ vv)
# %% exclusion from the graph
x = torch.full((5, 5), 0.25); y = torch.full((5, 5), 0.5); z = torch.full((5, 5), 0.75, requires_grad=True)
print(f"{(x + y).requires_grad} {(x + z).requires_grad}")
print(torch.rand(5, 5).shape, torch.rand((5, 5), requires_grad=True).is_leaf)
# %% freeze, replace the head, fine-tune
fm = torchvision.models.resnet18(); fill(fm)
for param in fm.parameters():
    param.requires_grad = False
print(any(p.requires_grad for p in fm.parameters()))
fm.fc = nn.Linear(512, 10)
print(fm.fc, [n for n, p in fm.named_parameters() if p.requires_grad])
with torch.no_grad():
    fm.fc.weight.copy_(torch.from_numpy(np.random.RandomState(5).standard_normal((10, 512)).astype(np.float32) * 0.05)); fm.fc.bias.zero_()
optimizer = optim.SGD(fm.parameters(), lr=1e-2, momentum=0.9)
c0 = fm.conv1.weight.detach().clone(); f0 = fm.fc.weight.detach().clone()
out = fm(data)
print(out.shape, out.requires_grad)
torch.nn.functional.cross_entropy(out, torch.tensor([3])).backward()
print(fm.conv1.weight.grad, fm.layer4[1].bn2.weight.grad, fm.fc.weight.grad.shape, fm.fc.bias.grad.shape)
optimizer.step()
print(torch.equal(c0, fm.conv1.weight), torch.equal(f0, fm.fc.weight))
print(fm.fc.bias.sum().abs().item() < 1e-6)
# %% no_grad gives the same exclusion
with torch.no_grad():
    print(fm(data).requires_grad)
