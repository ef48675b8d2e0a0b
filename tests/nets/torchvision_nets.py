"""torchvision's own nets, narrow; needs torchvision, which nothing else here does."""

import torch
from torch import nn
from torchvision.models import mobilenet_v2, resnet18, resnet50, vgg

HEADS = {'resnet18': 'fc', 'resnet50': 'fc', 'mobilenet_v2': 'classifier'}


def resnet(whole, width):
    """torchvision's ResNet whose first stage has `width` channels."""
    net, block = whole(), type(whole().layer1[0])
    net.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
    net.bn1, net.inplanes = nn.BatchNorm2d(width), width
    for i in range(4):
        count = len(getattr(net, f'layer{i + 1}'))
        layer = net._make_layer(block, width * 2**i, count, stride=2 if i else 1)
        setattr(net, f'layer{i + 1}', layer)
    net.fc = nn.Linear(8 * width * block.expansion, 11)
    return net


def vgg16(width, norm):
    """torchvision's VGG-16 whose first block has `width` channels; without dropout."""
    channels = [c if c == 'M' else c * width // 64 for c in vgg.cfgs['D']]
    net = vgg.VGG(vgg.make_layers(channels, norm), init_weights=False)
    units = 64 * width
    net.classifier = nn.Sequential(
        nn.Linear(49 * 8 * width, units),
        nn.ReLU(),
        nn.Identity(),
        nn.Linear(units, units),
        nn.ReLU(),
        nn.Identity(),
        nn.Linear(units, 11),
    )
    return net


def build(name, width):
    """The net of a name of torch_names.NAMES, with a classifier of 11 classes."""
    with torch.device('meta'):  # no numbers are drawn for the large ones
        net = {
            'resnet18': lambda: resnet(resnet18, width),
            'resnet50': lambda: resnet(resnet50, width),
            'mobilenet_v2': lambda: mobilenet_v2(
                num_classes=11, width_mult=width / 64, dropout=0.0
            ),
            'vgg16': lambda: vgg16(width, norm=False),
            'vgg16_bn': lambda: vgg16(width, norm=True),
        }[name]()
    return net.to_empty(device='cpu')


def pooled(name, net, images):
    """What the classifier of a net of `build` sees of a batch [B, C, H, W]."""
    head = net.classifier[-1] if name in ('vgg16', 'vgg16_bn') else None
    head = head or getattr(net, HEADS[name])
    seen = []
    with head.register_forward_pre_hook(lambda module, given: seen.append(given[0])):
        net(images)
    return seen[0]
