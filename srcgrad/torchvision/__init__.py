"""What programs written for torchvision need most: residual networks and the usual transforms."""

from __future__ import annotations

from srcgrad.torchvision import models as models
from srcgrad.torchvision import transforms as transforms

__version__ = "0.28.0+srcgrad"
