/// MobileNetV3-Large (Howard et al., 2019, table 1): MobileNetV2's blocks, some with squeeze and excitation,
/// some with hard swish.
///
/// torchvision's has dilation in its last stage where heads want fine features, and what its heads call
/// C2 is the first block of stage 3; segmentation_models_pytorch takes timm's.
struct MobileNetV3: Trunk {
  let name = "mobilenet-v3-large"
  var fineStride: Int { 16 }
  var auxiliaryStage: Int { 3 }

  /// timm's two have the same names and shapes.
  func assumptions(_ library: TrunkStyle.Library) -> [String] {
    library == .segmentationModels
      ? [
        "the trunk is timm's mobilenetv3_large_100 (tu-mobilenetv3_large_100), not "
          + "tf_mobilenetv3_large_100 (timm-mobilenetv3_large_100), which scores otherwise"
      ] : []
  }

  /// A block: kernel, channels inside and out, squeeze and excitation, hard swish, stride.
  private struct Row {
    let kernel, inner, output: Int
    let squeezes, swishes: Bool
    let stride: Int
  }

  /// The paper's table; blocks of one brace share what timm calls a stage.
  private static let table: [[Row]] = [
    [Row(kernel: 3, inner: 16, output: 16, squeezes: false, swishes: false, stride: 1)],
    [
      Row(kernel: 3, inner: 64, output: 24, squeezes: false, swishes: false, stride: 2),
      Row(kernel: 3, inner: 72, output: 24, squeezes: false, swishes: false, stride: 1),
    ],
    [
      Row(kernel: 5, inner: 72, output: 40, squeezes: true, swishes: false, stride: 2),
      Row(kernel: 5, inner: 120, output: 40, squeezes: true, swishes: false, stride: 1),
      Row(kernel: 5, inner: 120, output: 40, squeezes: true, swishes: false, stride: 1),
    ],
    [
      Row(kernel: 3, inner: 240, output: 80, squeezes: false, swishes: true, stride: 2),
      Row(kernel: 3, inner: 200, output: 80, squeezes: false, swishes: true, stride: 1),
      Row(kernel: 3, inner: 184, output: 80, squeezes: false, swishes: true, stride: 1),
      Row(kernel: 3, inner: 184, output: 80, squeezes: false, swishes: true, stride: 1),
    ],
    [
      Row(kernel: 3, inner: 480, output: 112, squeezes: true, swishes: true, stride: 1),
      Row(kernel: 3, inner: 672, output: 112, squeezes: true, swishes: true, stride: 1),
    ],
    [
      Row(kernel: 5, inner: 672, output: 160, squeezes: true, swishes: true, stride: 2),
      Row(kernel: 5, inner: 960, output: 160, squeezes: true, swishes: true, stride: 1),
      Row(kernel: 5, inner: 960, output: 160, squeezes: true, swishes: true, stride: 1),
    ],
  ]

  func append(
    to network: inout NetworkBuilder, _ options: ArchitectureOptions, _ style: TrunkStyle
  ) -> TrunkFeatures {
    let isTorchvision = style.library == .torchvision
    let norm = isTorchvision ? BatchNorm(epsilon: 1e-3, momentum: 0.01) : BatchNorm()
    var channels = options.scaledToEights(16)
    let stem = Convolution(channels, kernel: 3, stride: 2, padding: 1, bias: false)
    if isTorchvision {
      network.addSequence("backbone.0", stem, norm: norm, HardSwish())
    } else {
      network.addNormalized("encoder.conv_stem", "encoder.bn1", stem, norm: norm)
      network.add("encoder.act1", HardSwish())
    }
    var ends = [TrunkFeatures.Stage(layer: network.last, channels: channels)]
    var begins = ends
    var (stage, number) = (1, 0)
    for (group, rows) in Self.table.enumerated() {
      for (index, row) in rows.enumerated() {
        number += 1
        if row.stride == 2 { stage += 1 }
        // Here it is timm's first block of a dilated stage that still has the dilation before it.
        let lags = row.stride == 2 && !isTorchvision
        let output = options.scaledToEights(row.output)
        let block = MobileNetBlock(
          name: isTorchvision
            ? "backbone.\(number).block" : "encoder.blocks.\(group).\(index)",
          isTorchvision: isTorchvision, input: channels, inner: options.scaledToEights(row.inner),
          output: output, kernel: row.kernel, squeezes: row.squeezes,
          activation: row.swishes ? HardSwish() : ReLU(), norm: norm,
          stride: row.stride == 2 ? style.stride(ofStage: stage) : 1,
          dilation: style.dilation(ofStage: lags ? stage - 1 : stage), widens: number > 1,
          adds: row.stride == 1 && channels == output)
        network.add(block)
        channels = output
        let here = TrunkFeatures.Stage(layer: network.last, channels: channels)
        if stage > ends.count {
          ends.append(here)
          begins.append(here)
        }
        ends[stage - 1] = here
      }
    }
    channels = options.scaledToEights(6 * 160)
    let final = Convolution(channels, kernel: 1, bias: false)
    if isTorchvision {
      network.addSequence("backbone.\(number + 1)", final, norm: norm, HardSwish())
    } else {
      let name = "encoder.blocks.\(Self.table.count).0"
      network.addNormalized("\(name).conv", "\(name).bn1", final, norm: norm)
      network.add("\(name).act", HardSwish())
    }
    var stages = isTorchvision ? begins : ends
    stages[4] = TrunkFeatures.Stage(layer: network.last, channels: channels)
    return TrunkFeatures(stages: stages)
  }
}

/// A block of MobileNetV3, whose parts torchvision numbers and timm names.
private struct MobileNetBlock {
  let name: String
  let isTorchvision: Bool
  let input, inner, output, kernel: Int
  let squeezes: Bool
  let activation: any Operation
  let norm: BatchNorm
  let stride, dilation: Int
  /// Whether it begins with a 1×1 convolution to its inner channels.
  let widens: Bool
  /// Whether its input is added to what it makes.
  let adds: Bool
}

extension NetworkBuilder {
  fileprivate mutating func add(_ block: MobileNetBlock) {
    let source = last
    // Parts so far; timm counts normalisations from one.
    var number = 0
    func names(_ number: Int, _ timm: String) -> (convolution: String, norm: String, act: String) {
      block.isTorchvision
        ? ("\(block.name).\(number).0", "\(block.name).\(number).1", "\(block.name).\(number).2")
        : (
          "\(block.name).\(timm)", "\(block.name).bn\(number + 1)", "\(block.name).act\(number + 1)"
        )
    }
    let padding = block.kernel / 2 * block.dilation
    let filter = Convolution(
      block.inner, kernel: Extent(block.kernel, block.kernel),
      stride: Extent(block.stride, block.stride), padding: Extent(padding, padding),
      dilation: Extent(block.dilation, block.dilation), groups: block.inner, bias: false)
    var parts: [(name: String, convolution: Convolution)] = [("conv_dw", filter)]
    if block.widens {
      parts.insert(("conv_pw", Convolution(block.inner, kernel: 1, bias: false)), at: 0)
    }
    for part in parts {
      let names = names(number, part.name)
      addNormalized(names.convolution, names.norm, part.convolution, norm: block.norm)
      add(names.act, block.activation)
      number += 1
    }
    var squeezeParts = 0
    if block.squeezes {
      let name = block.isTorchvision ? "\(block.name).\(number)" : "\(block.name).se"
      addSqueezeExcitation(
        name, reduce: block.isTorchvision ? "\(name).fc1" : "\(name).conv_reduce",
        expand: block.isTorchvision ? "\(name).fc2" : "\(name).conv_expand",
        channels: block.inner, squeezed: ArchitectureOptions.roundedToEights(Float(block.inner / 4))
      )
      squeezeParts = 1
    }
    let project = names(
      number + (block.isTorchvision ? squeezeParts : 0), block.widens ? "conv_pwl" : "conv_pw")
    addNormalized(
      project.convolution, project.norm, Convolution(block.output, kernel: 1, bias: false),
      norm: block.norm)
    if block.adds { add("\(block.name).add", Sum(), [source, last]) }
  }
}
