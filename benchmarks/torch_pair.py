"""ReSup's pair in eager PyTorch: the same networks, loss and optimiser as ours.

PyTorch is an extra: pip install torch
"""

import sys
import time

from fer_jax.data import augment

try:
    import torch
except ImportError:
    sys.exit('this benchmark compares with PyTorch: pip install torch')

NUM_CLASSES = 7
CONSISTENCY = 5.0
RATE = 1e-3
# Where both mixtures stand: Beta(2, 4) for the noisy, Beta(8, 2) for the clean.
SHAPES = ((2.0, 8.0), (4.0, 2.0))


class Block(torch.nn.Module):
    """relu(shortcut(x) + norm(conv(relu(norm(conv(x))))))."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.first = conv_norm(before, after, 3, stride)
        self.second = conv_norm(after, after, 3, 1)
        changes = stride != 1 or before != after
        self.shortcut = conv_norm(before, after, 1, stride) if changes else None

    def forward(self, x):
        y = self.second(self.first(x).relu_())
        return y.add_(self.shortcut(x) if self.shortcut else x).relu_()


def conv_norm(before, after, size, stride):
    return torch.nn.Sequential(
        torch.nn.Conv2d(before, after, size, stride, size // 2, bias=False),
        torch.nn.BatchNorm2d(after),
    )


def net(width, backbone):
    """resnet18 or resnet18_slim with its classifier, in PyTorch."""
    slim = backbone == 'resnet18_slim'
    layers, before = [conv_norm(3, width, 3 if slim else 7, 2), torch.nn.ReLU()], width
    if not slim:
        layers.append(torch.nn.MaxPool2d(3, 2, 1))
    for i in range(4):
        for stride in (1 if i == 0 else 2, 1):
            layers.append(Block(before, width * 2**i, stride))
            before = width * 2**i
    return torch.nn.Sequential(
        *layers,
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(before, NUM_CLASSES),
    )


class Pair:
    """The step; on a GPU each part waits for the card where it is timed.

    Args:
      images, labels: uint8 [B, s, s, 3], int32 [B].
      layout: torch.contiguous_format or torch.channels_last.
      bfloat16: under torch.autocast.
      compiled: the networks go through torch.compile.
      now: clock, in seconds.
    """

    def __init__(
        self,
        width,
        images,
        labels,
        *,
        layout=torch.channels_last,
        bfloat16=False,
        backbone='resnet18_slim',
        device='cpu',
        compiled=False,
        now=time.perf_counter,
    ):
        self._clock, self.bfloat16, self.device = now, bfloat16, device
        torch.manual_seed(0)
        self.nets = [
            net(width, backbone).to(device, memory_format=layout) for _ in range(2)
        ]
        self.parameters = [p for net in self.nets for p in net.parameters()]
        self.adam = torch.optim.Adam(self.parameters, RATE, fused=True)
        if compiled:
            self.nets = [torch.compile(each) for each in self.nets]
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2).to(device)
        self.images = self.images.contiguous(memory_format=layout)
        self.labels = torch.from_numpy(labels).long().to(device)
        self.betas = torch.distributions.Beta(
            *(torch.tensor(shapes, device=device) for shapes in SHAPES)
        )

    def now(self):
        if self.device != 'cpu':
            torch.cuda.synchronize()
        return self._clock()

    def normalised(self):
        mean, std = (
            torch.tensor(values, device=self.device)[None, :, None, None]
            for values in augment.IMAGENET
        )
        return (self.images / 255.0 - mean) / std

    def loss(self, images):
        logits = [each(images).float() for each in self.nets]
        probs = [z.softmax(-1) for z in logits]
        rows = torch.arange(len(self.labels), device=self.device)
        with torch.no_grad():
            similarity = [f[rows, self.labels] / f.norm(dim=-1) for f in probs]
            weights = [
                self.betas.log_prob(s.clamp(1e-4, 1 - 1e-4)[:, None]).softmax(-1)[:, 1]
                for s in similarity
            ]
        cross_entropy = torch.nn.functional.cross_entropy
        loss = CONSISTENCY * (probs[0] - probs[1]).square().mean()
        for z, weight in zip(logits, weights[::-1]):
            loss = (
                loss + (weight * cross_entropy(z, self.labels, reduction='none')).mean()
            )
        return loss

    def step(self):
        """{part: seconds} of one step."""
        marks = [self.now()]
        self.adam.zero_grad()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bfloat16):
            loss = self.loss(self.normalised())
        marks.append(self.now())
        loss.backward()
        marks.append(self.now())
        self.adam.step()
        marks.append(self.now())
        parts = zip(('forward', 'backward', 'optimiser'), marks, marks[1:])
        taken = {name: end - start for name, start, end in parts}
        return taken | {'step': marks[-1] - marks[0]}
