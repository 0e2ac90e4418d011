"""Networks beyond the FCN papers in PyTorch: torchvision's and segmentation_models_pytorch's own, and others
written down from their papers' tables under the names of their programs.

`build(name, classes)` gives a module whose state dict, less `num_batches_tracked`, has the names and
shapes of our model files. Needs torch, torchvision, segmentation_models_pytorch, numpy and safetensors.
"""

import torch
import torch.nn.functional as F
from torch import nn

from fcn_family import GROUPS, TORCHVISION, TorchvisionFCN, import_torchvision, scaled

#: Our names of trunks, and segmentation_models_pytorch's.
ENCODERS = {
    "resnet18": "resnet18", "resnet34": "resnet34", "resnet50": "resnet50", "resnet101": "resnet101",
    "mobilenet-v2": "mobilenet_v2", "mobilenet-v3-large": "tu-mobilenetv3_large_100",
    "efficientnet-b0": "efficientnet-b0"}
DECODERS = {"unet": "unet", "fpn": "fpn", "deeplabv3plus": "deeplabv3plus"}
TORCHVISION_NETWORKS = [
    "deeplabv3-resnet50", "deeplabv3-resnet101", "deeplabv3-mobilenet-v3-large", "lraspp-mobilenet-v3-large"]
OTHERS = ["unet", "segnet", "fc-densenet56", "fc-densenet67", "dabnet", "edanet"]
NAMES = TORCHVISION_NETWORKS + [f"{head}-{trunk}" for head in DECODERS for trunk in ENCODERS] + OTHERS


class TorchvisionLRASPP(TorchvisionFCN):
    def __init__(self, name, classes):
        nn.Module.__init__(self)
        make = getattr(import_torchvision().models.segmentation, name)
        self.inner = make(weights=None, weights_backbone=None, num_classes=classes)


class SegmentationModel(nn.Module):
    """segmentation_models_pytorch's module; timm's trunks have one word more in their names than ours."""

    def __init__(self, decoder, encoder, classes):
        super().__init__()
        import_torchvision()
        import segmentation_models_pytorch as smp
        self.inner = smp.create_model(
            DECODERS[decoder], encoder_name=ENCODERS[encoder], encoder_weights=None, classes=classes)
        # What classifies is in some trunks' modules, and nothing reads it.
        self.unread = ("encoder._conv_head.", "encoder._bn1.")

    def forward(self, x):
        return self.inner(x)

    def state_dict(self):
        return {name.replace("encoder.model.", "encoder."): tensor
                for name, tensor in self.inner.state_dict().items() if not name.startswith(self.unread)}


class Pair(nn.Module):
    def __init__(self, inputs, outputs, norm):
        super().__init__()
        layers = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=not norm),
                       nn.BatchNorm2d(outputs) if norm else nn.Identity(), nn.ReLU()]
        self.double_conv = nn.Sequential(*layers)

    def forward(self, x):
        return self.double_conv(x)


class UNet(nn.Module):
    """U-Net with padded convolutions."""

    def __init__(self, classes, width, norm):
        super().__init__()
        channels = [scaled(count, width) for count in (64, 128, 256, 512, 1024)]
        self.inc = Pair(3, channels[0], norm)
        self.outc = nn.Module()
        self.outc.conv = nn.Conv2d(channels[0], classes, 1)
        for number in range(1, 5):
            down, up = nn.Module(), nn.Module()
            down.maxpool_conv = nn.Sequential(
                nn.MaxPool2d(2), Pair(channels[number - 1], channels[number], norm))
            self.add_module(f"down{number}", down)
            fine, coarse = channels[4 - number], channels[5 - number]
            up.up = nn.ConvTranspose2d(coarse, fine, 2, 2)
            up.conv = Pair(2 * fine, fine, norm)
            self.add_module(f"up{number}", up)

    def forward(self, x):
        stages = [self.inc(x)]
        for number in range(1, 5):
            stages.append(self.get_submodule(f"down{number}").maxpool_conv(stages[-1]))
        x = stages.pop()
        for number in range(1, 5):
            up = self.get_submodule(f"up{number}")
            x = up.conv(torch.cat([stages.pop(), up.up(x)], 1))
        return self.outc.conv(x)


class DenseBlock(nn.Module):
    def __init__(self, inputs, layers, growth, keeps_input):
        super().__init__()
        self.keeps_input = keeps_input
        self.layers = nn.ModuleList()
        for index in range(layers):
            layer = nn.Module()
            layer.norm = nn.BatchNorm2d(inputs + index * growth)
            layer.conv = nn.Conv2d(inputs + index * growth, growth, 3, padding=1)
            self.layers.append(layer)

    def forward(self, x):
        made = []
        for layer in self.layers:
            made.append(layer.conv(F.relu(layer.norm(torch.cat([x, *made], 1)))))
        return torch.cat([x, *made] if self.keeps_input else made, 1)


class FCDenseNet(nn.Module):
    def __init__(self, classes, layers, growth, width):
        super().__init__()
        growth, channels = scaled(growth, width), scaled(48, width)
        self.firstconv = nn.Conv2d(3, channels, 3, padding=1)
        self.denseBlocksDown, self.transDownBlocks = nn.ModuleList(), nn.ModuleList()
        self.transUpBlocks, self.denseBlocksUp = nn.ModuleList(), nn.ModuleList()
        skips = []
        for _ in range(5):
            self.denseBlocksDown.append(DenseBlock(channels, layers, growth, True))
            channels += layers * growth
            skips.append(channels)
            down = nn.Module()
            down.norm, down.conv = nn.BatchNorm2d(channels), nn.Conv2d(channels, channels, 1)
            self.transDownBlocks.append(down)
        self.bottleneck = nn.Module()
        self.bottleneck.bottleneck = DenseBlock(channels, layers, growth, False)
        for index in range(5):
            up = nn.Module()
            up.convTrans = nn.ConvTranspose2d(layers * growth, layers * growth, 3, 2)
            self.transUpBlocks.append(up)
            channels = layers * growth + skips.pop()
            self.denseBlocksUp.append(DenseBlock(channels, layers, growth, index == 4))
        self.finalConv = nn.Conv2d(channels + layers * growth, classes, 1)

    def forward(self, x):
        x = self.firstconv(x)
        skips = []
        for block, down in zip(self.denseBlocksDown, self.transDownBlocks):
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(down.conv(F.relu(down.norm(x))), 2)
        x = self.bottleneck.bottleneck(x)
        for up, block in zip(self.transUpBlocks, self.denseBlocksUp):
            skip = skips.pop()
            x = up.convTrans(x)[:, :, :skip.shape[2], :skip.shape[3]]
            x = block(torch.cat([x, skip], 1))
        return self.finalConv(x)


class SegNet(nn.Module):
    """VGG16 with batch normalisation, and back by the places of its pools' maxima."""

    def __init__(self, classes, width):
        super().__init__()
        inputs = 3
        for group, (channels, count) in enumerate(GROUPS, 1):
            for index in range(1, count + 1):
                self.add_layer(f"{group}_{index}", inputs, scaled(channels, width))
                inputs = scaled(channels, width)
        for group, (channels, count) in reversed(list(enumerate(GROUPS, 1))):
            for index in range(count, 0, -1):
                last = group == index == 1
                outputs = GROUPS[group - 2][0] if index == 1 else channels
                outputs = classes if last else scaled(outputs, width)
                self.add_layer(f"{group}_{index}_D", inputs, outputs, last)
                inputs = outputs

    def add_layer(self, name, inputs, outputs, last=False):
        self.add_module(f"conv{name}", nn.Conv2d(inputs, outputs, 3, padding=1, bias=last))
        if not last:
            self.add_module(f"bn{name}", nn.BatchNorm2d(outputs))

    def layer(self, name, x):
        return F.relu(self.get_submodule(f"bn{name}")(self.get_submodule(f"conv{name}")(x)))

    def forward(self, x):
        places = []
        for group, (_, count) in enumerate(GROUPS, 1):
            for index in range(1, count + 1):
                x = self.layer(f"{group}_{index}", x)
            x, where = F.max_pool2d(x, 2, 2, return_indices=True)
            places.append(where)
        for group, (_, count) in reversed(list(enumerate(GROUPS, 1))):
            x = F.max_unpool2d(x, places.pop(), 2, 2)
            for index in range(count, 0, -1):
                name = f"{group}_{index}_D"
                x = self.conv1_1_D(x) if name == "1_1_D" else self.layer(name, x)
        return x


class NormalizedPReLU(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn, self.acti = nn.BatchNorm2d(channels, eps=1e-3), nn.PReLU(channels)

    def forward(self, x):
        return self.acti(self.bn(x))


class DABConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, dilation=(1, 1), groups=1, rectifies=True):
        super().__init__()
        padding = [size // 2 * rate for size, rate in zip(kernel, dilation)]
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False)
        self.bn_prelu = NormalizedPReLU(outputs) if rectifies else nn.Identity()

    def forward(self, x):
        return self.bn_prelu(self.conv(x))


class DABModule(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        inner = channels // 2
        self.bn_relu_1, self.bn_relu_2 = NormalizedPReLU(channels), NormalizedPReLU(inner)
        self.conv3x3 = DABConv(channels, inner, (3, 3))
        self.dconv3x1 = DABConv(inner, inner, (3, 1), groups=inner)
        self.dconv1x3 = DABConv(inner, inner, (1, 3), groups=inner)
        self.ddconv3x1 = DABConv(inner, inner, (3, 1), dilation=(dilation, 1), groups=inner)
        self.ddconv1x3 = DABConv(inner, inner, (1, 3), dilation=(1, dilation), groups=inner)
        self.conv1x1 = DABConv(inner, channels, (1, 1), rectifies=False)

    def forward(self, x):
        y = self.conv3x3(self.bn_relu_1(x))
        y = self.dconv1x3(self.dconv3x1(y)) + self.ddconv1x3(self.ddconv3x1(y))
        return x + self.conv1x1(self.bn_relu_2(y))


class Downsampling(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.grows = inputs < outputs
        self.conv3x3 = DABConv(
            inputs, outputs - inputs if self.grows else outputs, (3, 3), stride=2, rectifies=False)
        self.bn_prelu = NormalizedPReLU(outputs)

    def forward(self, x):
        y = self.conv3x3(x)
        return self.bn_prelu(torch.cat([y, F.max_pool2d(x, 2)], 1) if self.grows else y)


class DABNet(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        first, *stages = [scaled(count, width) for count in (32, 64, 128)]
        self.init_conv = nn.Sequential(
            DABConv(3, first, (3, 3), stride=2), DABConv(first, first, (3, 3)), DABConv(first, first, (3, 3)))
        channels = first + 3
        self.bn_prelu_1 = NormalizedPReLU(channels)
        for number, (count, rates) in enumerate(zip(stages, ([2] * 3, [4, 4, 8, 8, 16, 16])), 1):
            self.add_module(f"downsample_{number}", Downsampling(channels, count))
            block = nn.Sequential()
            for index, rate in enumerate(rates):
                block.add_module(f"DAB_Module_{number}_{index}", DABModule(count, rate))
            self.add_module(f"DAB_Block_{number}", block)
            channels = 2 * count + 3
            self.add_module(f"bn_prelu_{number + 1}", NormalizedPReLU(channels))
        self.classifier = nn.Sequential(DABConv(channels, classes, (1, 1), rectifies=False))

    def forward(self, picture):
        x, small = self.init_conv(picture), F.avg_pool2d(picture, 3, 2, 1)
        x = self.bn_prelu_1(torch.cat([x, small], 1))
        for number in (1, 2):
            begin = self.get_submodule(f"downsample_{number}")(x)
            end = self.get_submodule(f"DAB_Block_{number}")(begin)
            small = F.avg_pool2d(small, 3, 2, 1)
            x = self.get_submodule(f"bn_prelu_{number + 1}")(torch.cat([end, begin, small], 1))
        return F.interpolate(self.classifier(x), picture.shape[2:], mode="bilinear", align_corners=False)


class EDADownsampler(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.grows = inputs < outputs
        self.conv = nn.Conv2d(inputs, outputs - inputs if self.grows else outputs, 3, 2, 1)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.conv(x)
        return F.relu(self.bn(torch.cat([y, F.max_pool2d(x, 2)], 1) if self.grows else y))


class EDAModule(nn.Module):
    def __init__(self, inputs, growth, dilation):
        super().__init__()
        self.conv1x1, self.bn0 = nn.Conv2d(inputs, growth, 1), nn.BatchNorm2d(growth)
        for pair, rate in ((1, 1), (2, dilation)):
            self.add_module(
                f"conv3x1_{pair}", nn.Conv2d(growth, growth, (3, 1), padding=(rate, 0), dilation=(rate, 1)))
            self.add_module(
                f"conv1x3_{pair}", nn.Conv2d(growth, growth, (1, 3), padding=(0, rate), dilation=(1, rate)))
            self.add_module(f"bn{pair}", nn.BatchNorm2d(growth))

    def forward(self, x):
        y = F.relu(self.bn0(self.conv1x1(x)))
        y = F.relu(self.bn1(self.conv1x3_1(self.conv3x1_1(y))))
        y = F.relu(self.bn2(self.conv1x3_2(self.conv3x1_2(y))))
        return torch.cat([y, x], 1)


class EDANet(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        growth, first, second, third = [scaled(count, width) for count in (40, 15, 60, 130)]
        layers = [EDADownsampler(3, first), EDADownsampler(first, second)]
        channels = second
        for rate in (1, 1, 1, 2, 2):
            layers.append(EDAModule(channels, growth, rate))
            channels += growth
        layers.append(EDADownsampler(channels, third))
        channels = third
        for rate in (2, 2, 4, 4, 8, 8, 16, 16):
            layers.append(EDAModule(channels, growth, rate))
            channels += growth
        self.layers = nn.ModuleList(layers)
        self.project_layer = nn.Conv2d(channels, classes, 1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return F.interpolate(self.project_layer(x), scale_factor=8, mode="bilinear", align_corners=True)


def build(name, classes=21, width=1.0, auxiliary_head=False, batch_norm=False):
    """`width` and `batch_norm` are for networks of `OTHERS`, `auxiliary_head` for torchvision's DeepLabV3."""
    head, _, trunk = name.partition("-")
    stride = 1
    if head == "deeplabv3":
        module = TorchvisionFCN(name.replace("-", "_"), classes, auxiliary_head)
    elif head == "lraspp":
        module = TorchvisionLRASPP(name.replace("-", "_"), classes)
    elif trunk in ENCODERS:
        module = SegmentationModel(head, trunk, classes)
        stride = 16 if head == "deeplabv3plus" else 32
    else:
        module, stride = {
            "unet": lambda: (UNet(classes, width, batch_norm), 16),
            "segnet": lambda: (SegNet(classes, width), 32),
            "fc-densenet56": lambda: (FCDenseNet(classes, 4, 12, width), 32),
            "fc-densenet67": lambda: (FCDenseNet(classes, 5, 16, width), 32),
            "dabnet": lambda: (DABNet(classes, width), 8),
            "edanet": lambda: (EDANet(classes, width), 8),
        }[name]()
    module.preprocessing, module.architecture, module.stride = TORCHVISION, name, stride
    module.options = {"classes": classes, "input_channels": 3, "width": width, "batch_norm": batch_norm}
    if auxiliary_head:
        module.options["auxiliary_head"] = True
    return module
