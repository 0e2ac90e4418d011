/// Times every step of one run on a device by the device's own clock, without waiting between them.
final class DeviceStepTimer {
  private let stopwatch: DeviceStopwatch
  private var steps: [RunStep] = []

  init(_ stream: DeviceStream) { stopwatch = DeviceStopwatch(stream) }

  /// What is handed over from here on belongs to this step.
  func begin(_ layers: String, _ form: String, _ work: StepWork? = nil) throws {
    try stopwatch.mark()
    steps.append(RunStep(layers, form, work))
  }

  /// What is handed over from here on belongs to none.
  func end() throws { try stopwatch.mark() }

  /// Waits for the end; each step with its seconds.
  func times() throws -> [StepTime] {
    zip(steps, try stopwatch.intervals()).map {
      StepTime(step: $0, seconds: $1 / 1000)
    }
  }
}

extension StepWork {
  /// Of a copy between host and device.
  init(copying byteCount: Int) {
    self.init(nominal: 0, performed: 0, bytes: Double(byteCount))
  }
}
