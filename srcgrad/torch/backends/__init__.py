"""What PyTorch computes with. Here it is NumPy: the settings are remembered and change nothing."""

from srcgrad.torch.backends import cpu as cpu
from srcgrad.torch.backends import cuda as cuda
from srcgrad.torch.backends import cudnn as cudnn
from srcgrad.torch.backends import mha as mha
from srcgrad.torch.backends import mkl as mkl
from srcgrad.torch.backends import mkldnn as mkldnn
from srcgrad.torch.backends import mps as mps
from srcgrad.torch.backends import nnpack as nnpack
from srcgrad.torch.backends import openmp as openmp
from srcgrad.torch.backends import opt_einsum as opt_einsum
