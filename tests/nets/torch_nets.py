"""The backbones in PyTorch's own words, without classifiers and without dropout.

Needs torch, which the rest of the repository does not.
"""

import torch
from torch import nn


class Block(nn.Module):
    """The basic block of a ResNet, or the bottleneck."""

    def __init__(self, before, width, stride, bottleneck):
        super().__init__()
        after = 4 * width if bottleneck else width
        if bottleneck:
            sizes = ((before, width, 1, 1), (width, width, 3, stride))
            sizes += ((width, after, 1, 1),)
        else:
            sizes = ((before, width, 3, stride), (width, width, 3, 1))
        layers = []
        for into, out, kernel, step in sizes:
            layers += [nn.Conv2d(into, out, kernel, step, kernel // 2, bias=False)]
            layers += [nn.BatchNorm2d(out), nn.ReLU()]
        self.downsample = nn.Identity()
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return (self.layers(x) + self.downsample(x)).relu()


def resnet(width, kernel, stride, pool, counts, bottleneck):
    layers = [
        nn.Conv2d(3, width, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    if pool:
        layers.append(nn.MaxPool2d(3, 2, 1))
    before = width
    for i, count in enumerate(counts):
        for j in range(count):
            stride = 2 if i and not j else 1
            layers.append(Block(before, width * 2**i, stride, bottleneck))
            before = width * 2**i * (4 if bottleneck else 1)
    return [*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()]


class Inverted(nn.Module):
    """The inverted residual block of MobileNet-V2."""

    def __init__(self, before, after, stride, times):
        super().__init__()
        wide = before * times
        layers = []
        if times != 1:
            layers += [nn.Conv2d(before, wide, 1, bias=False)]
            layers += [nn.BatchNorm2d(wide), nn.ReLU6()]
        layers += [nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False)]
        layers += [nn.BatchNorm2d(wide), nn.ReLU6()]
        layers += [nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after)]
        self.layers = nn.Sequential(*layers)
        self.shortcut = stride == 1 and before == after

    def forward(self, x):
        return x + self.layers(x) if self.shortcut else self.layers(x)


def mobilenet(stem, channels, last):
    """`channels` of the seven groups, worked out by whoever calls."""
    layers = [nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU6()]
    before = stem
    counts, strides = (1, 2, 3, 4, 3, 3, 1), (1, 2, 2, 2, 1, 2, 1)
    for i, (after, count, stride) in enumerate(zip(channels, counts, strides)):
        for j in range(count):
            layers.append(Inverted(before, after, 1 if j else stride, 6 if i else 1))
            before = after
    layers += [nn.Conv2d(before, last, 1, bias=False), nn.BatchNorm2d(last)]
    return [*layers, nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def vgg(width, norm):
    layers, before = [], 3
    for times, count in ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3)):
        for _ in range(count):
            layers.append(nn.Conv2d(before, times * width, 3, 1, 1))
            layers += [nn.BatchNorm2d(times * width)] * norm + [nn.ReLU()]
            before = times * width
        layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(7), nn.Flatten()]
    layers += [nn.Linear(49 * before, 64 * width), nn.ReLU()]
    return [*layers, nn.Linear(64 * width, 64 * width), nn.ReLU()]


def cnn7(width):
    layers, before = [], 3
    widths = (width, width, 2 * width, 2 * width, 49 * width // 16, 16)
    for i, after in enumerate(widths):
        layers += [nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after)]
        layers += [nn.ReLU()] + [nn.MaxPool2d(2)] * (i % 2)
        before = after
    return [*layers, nn.Flatten()]


def build(name, width):
    """The net of a name of nets.BACKBONES; pooled [B, D] from images [B, C, H, W]."""
    layers = {
        'resnet18': lambda: resnet(width, 7, 2, True, (2, 2, 2, 2), False),
        'resnet18_cifar': lambda: resnet(width, 3, 1, False, (2, 2, 2, 2), False),
        'resnet18_slim': lambda: resnet(width, 3, 2, False, (2, 2, 2, 2), False),
        'resnet50': lambda: resnet(width, 7, 2, True, (3, 4, 6, 3), True),
        # torchvision's numbers for width_mult .25
        'mobilenet_v2': lambda: mobilenet(8, (8, 8, 8, 16, 24, 40, 80), 1280),
        'vgg16': lambda: vgg(width, False),
        'vgg16_bn': lambda: vgg(width, True),
        'cnn7': lambda: cnn7(width),
    }
    return torch.nn.Sequential(*layers[name]())
