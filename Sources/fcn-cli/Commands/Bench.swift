import FCNSwift

extension Subcommand {
  fileprivate static let size = Option.value(
    "size", "WxH", "Size of the pictures; 224x224 by default.")
  fileprivate static let batch = Option.value(
    "batch", "N", "Pictures that run together, 1…64; 1 by default.")
  fileprivate static let runs = Option.value(
    "runs", "N", "Runs that are timed, after the first and two more; 10 by default.")
  fileprivate static let layers = Option.flag(
    "layers", "Time the layers too: the median of each, its GFLOP/s, the form that was chosen.")

  /// `fcn bench`.
  static let bench = Subcommand(
    "bench", "Measure how fast a model runs here.",
    usage: ["[--size WxH] [--threads N] [--layers] [OPTIONS]"],
    discussion: """
      Times are in milliseconds: opening the model, the first run (which lays out
      memory and packs weights), and the median and best of the following ones,
      from pixels to label maps. The pictures are noise. With --layers, GFLOP/s are
      those of the layer's definition; `done` those that its form carries out, which
      Winograd's makes fewer, and their share of the peak that is measured first. The
      bound is what would end first at full speed: products or memory. On a device,
      layers are timed by its own clock, one run handed over without a stop; copying
      pictures there and labels back, preprocessing and labels are among them, and no
      peak is measured.
      """,
    [
      OptionGroup(
        "Options",
        [.model, size, batch, runs, layers, .device, .precision, .disabled, .threads, .json])
    ]
  ) { arguments in
    let measurement = try BenchRun(arguments).measure()
    try Terminal.print(
      arguments.has(.json) ? measurement.json.indentedText : measurement.table)
  }
}

/// One call of `fcn bench`.
private struct BenchRun {
  let path: String
  let size: (width: Int, height: Int)
  let batch, runs: Int
  let timesLayers: Bool
  let options: Session.Options

  init(_ arguments: Arguments) throws {
    path = try arguments.text(.model) ?? DefaultModel.path()
    size = try arguments.size(Subcommand.size, in: 1...16384) ?? (224, 224)
    batch = try arguments.integer(Subcommand.batch, in: 1...64) ?? 1
    runs = try arguments.integer(Subcommand.runs, in: 1...100_000) ?? 10
    timesLayers = arguments.has(Subcommand.layers)
    options = Session.Options(
      threads: try arguments.threads(), largestBatch: batch,
      disabledForms: Set(arguments.texts(.disabled)),
      precision: try arguments.choice(.precision) ?? .float32, device: try arguments.device())
  }

  func measure() throws -> BenchMeasurement {
    let start = monotonicSeconds()
    let session = try Session(model: Model(contentsOf: path), options: options)
    let opened = monotonicSeconds()
    var generator = SeededGenerator(seed: 1)
    let pictures = try (0..<batch).map { _ in
      try Image(
        width: size.width, height: size.height,
        pixels: (0..<3 * size.width * size.height).map { _ in
          UInt8(truncatingIfNeeded: generator.next())
        })
    }
    let made = monotonicSeconds()
    try segment(pictures, session)
    var measurement = BenchMeasurement(
      model: path, width: size.width, height: size.height, batch: batch,
      threads: session.threadCount, precision: options.precision, device: options.device,
      load: opened - start,
      first: monotonicSeconds() - made)
    for _ in 0..<2 { try segment(pictures, session) }
    for _ in 0..<runs {
      let start = monotonicSeconds()
      try segment(pictures, session)
      measurement.times.append(monotonicSeconds() - start)
    }
    measurement.activationBytes = session.memoryByteCount
    measurement.operations = session.steps.reduce(0) { $0 + $1.nominalOperations }
    if timesLayers {
      measurement.layers = try timeLayers(pictures, session)
      if options.device == .processor {
        measurement.peak = try MachinePeak.measure(threads: session.threadCount)
      }
    }
    return measurement
  }

  private func segment(_ pictures: [Image], _ session: Session) throws {
    try session.run(pictures) { _ in !Interrupt.isPending }
    for index in pictures.indices { _ = try session.labelMap(index) }
  }

  /// The median of each step.
  private func timeLayers(
    _ pictures: [Image], _ session: Session
  ) throws -> [StepTime] {
    let times = try (0..<runs).map { _ in
      try session.stepTimes(pictures) { _ in !Interrupt.isPending }
    }
    var medians = times.first ?? []
    for index in medians.indices {
      medians[index].seconds = median(times.map { $0[index].seconds })
    }
    return medians
  }
}

/// What `fcn bench` found; times in seconds.
private struct BenchMeasurement {
  let model: String
  let width, height, batch, threads: Int
  let precision: Precision
  let device: Device
  let load, first: Double
  var times: [Double] = []
  var activationBytes = 0
  /// Of one run, by the layers' definitions.
  var operations = 0.0
  var layers: [StepTime] = []
  /// Of the processor.
  var peak: MachinePeak?

  init(
    model: String, width: Int, height: Int, batch: Int, threads: Int,
    precision: Precision, device: Device, load: Double, first: Double
  ) {
    self.precision = precision
    self.device = device
    (self.model, self.width, self.height) = (model, width, height)
    (self.batch, self.threads, self.load, self.first) = (batch, threads, load, first)
  }

  var json: JSON {
    [
      "model": .string(model), "width": .number(width), "height": .number(height),
      "batch": .number(batch), "threads": .number(threads),
      "instruction_set": .string(Capabilities.instructionSet),
      "device": .string(device.description), "gflop": .number(operations / 1e9),
      "precision": .string(precision.rawValue),
      "load_ms": .number(1e3 * load), "first_ms": .number(1e3 * first),
      "median_ms": .number(1e3 * median(times)), "best_ms": .number(1e3 * (times.min() ?? 0)),
      "runs_ms": .array(times.map { .number(1e3 * $0) }),
      "activation_bytes": .number(activationBytes),
      "peak_gflops": .number((peak?.operations ?? 0) / 1e9),
      "peak_int16_gops": .number((peak?.integerOperations ?? 0) / 1e9),
      "peak_gbytes_per_second": .number((peak?.bandwidth ?? 0) / 1e9),
      "layers": .array(
        layers.map { layer in
          [
            "layers": .string(layer.step.layers), "form": .string(layer.step.form),
            "median_ms": .number(1e3 * layer.seconds),
            "gflops": .number(rate(layer.step.nominalOperations, layer.seconds)),
            "performed_gflops": .number(rate(layer.step.performedOperations, layer.seconds)),
            "share_of_peak": .number(shareOfPeak(layer)), "bound": .string(bound(layer.step)),
            "gbytes_per_second": .number(rate(layer.step.bytes, layer.seconds)),
          ]
        }),
    ]
  }

  /// How much of the peak the products of a layer reach.
  private func shareOfPeak(_ layer: StepTime) -> Double {
    guard let peak, layer.seconds > 0 else { return 0 }
    return layer.step.performedOperations / layer.seconds / operations(peak, layer.step)
  }

  /// The peak of the numbers that a step multiplies.
  private func operations(_ peak: MachinePeak, _ step: RunStep) -> Double {
    step.form.hasSuffix("_int16") || step.form.hasSuffix("_int8")
      ? peak.integerOperations : peak.operations
  }

  /// Whether a layer's products or its bytes would take longer at full speed.
  private func bound(_ step: RunStep) -> String {
    guard let peak, step.performedOperations > 0 else { return "" }
    let products = step.performedOperations / operations(peak, step)
    return products >= step.bytes / peak.bandwidth ? "products" : "memory"
  }

  var table: String {
    var lines = [
      "\(model), \(width)×\(height), batch \(batch), \(counted(threads, "thread")), "
        + "\(device == .processor ? Capabilities.instructionSet : device.description), "
        + precision.rawValue,
      "load \(ms(load)) ms, first \(ms(first)) ms, median \(ms(median(times))) ms, "
        + "best \(ms(times.min() ?? 0)) ms",
    ]
    guard !layers.isEmpty else { return lines.joined(separator: "\n") }
    if let peak {
      lines.append(
        "peak of the micro-kernels \((peak.operations / 1e9).rounded(toPlaces: 0)) GFLOP/s, "
          + "\((peak.integerOperations / 1e9).rounded(toPlaces: 0)) of 16-bit integers, of reading memory "
          + "\((peak.bandwidth / 1e9).rounded(toPlaces: 1)) GB/s"
      )
    }
    let columns = columns.map { column in
      let cells = [column.title] + layers.map(column.text)
      let width = cells.map(\.count).max() ?? 0
      return cells.map { cell in
        let padding = String(repeating: " ", count: width - cell.count)
        return column.isNumber ? padding + cell : cell + padding
      }
    }
    lines += (0...layers.count).map { row in
      columns.map { $0[row] }.joined(separator: "  ").trimmedEnd
    }
    return lines.joined(separator: "\n")
  }

  private typealias Column = (title: String, isNumber: Bool, text: (StepTime) -> String)

  /// Of the table of layers; without a peak there are none that compare with it.
  private var columns: [Column] {
    let columns: [Column?] = [
      ("ms", true, { ms($0.seconds) }),
      ("GFLOP/s", true, { rate($0.step.nominalOperations, $0.seconds).rounded(toPlaces: 0) }),
      ("done", true, { rate($0.step.performedOperations, $0.seconds).rounded(toPlaces: 0) }),
      peak == nil ? nil : ("peak", true, { (100 * shareOfPeak($0)).rounded(toPlaces: 0) + " %" }),
      ("GB/s", true, { rate($0.step.bytes, $0.seconds).rounded(toPlaces: 1) }),
      peak == nil ? nil : ("bound", false, { bound($0.step) }),
      ("form", false, { $0.step.form }), ("layers", false, { $0.step.layers }),
    ]
    return columns.compactMap { $0 }
  }
}

/// Milliseconds; a device's layers take some microseconds.
private func ms(_ seconds: Double) -> String { (1e3 * seconds).rounded(toPlaces: 3) }

/// Billions a second.
private func rate(_ count: Double, _ seconds: Double) -> Double {
  seconds > 0 ? count / seconds / 1e9 : 0
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard let last = sorted.indices.last else { return 0 }
  return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
}

extension String {
  fileprivate var trimmedEnd: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
