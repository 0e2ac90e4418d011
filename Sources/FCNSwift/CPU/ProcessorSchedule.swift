import FCNLoopTypes

/// The processor, as the schedule of a network asks it: values lie planar, N×C×H×W, or blocked,
/// N×⌈C/16⌉×H×W×16, and are counted in floats.
struct ProcessorSchedule: ScheduleBackend {
  struct Place {
    let shape: Shape
    let layout: Layout
    /// Floats before it in its buffer.
    var offset = 0
  }

  let disabledForms: Set<String>
  let precision: Precision
  let loops: LoopTable

  var inputVariant: Layout { .planar }
  var scoresVariant: Layout { .planar }
  var runsInPlace: Bool { true }

  func preferred(_ variants: some Collection<Layout>) -> Layout? {
    variants.contains(.blocked) ? .blocked : variants.first
  }

  func choose(_ layer: ScheduledLayer<Self>) throws -> ScheduledForm<Self> {
    var request = FormRequest(
      inputs: layer.inputs.map(\.shape), output: layer.output, loops: loops,
      allowsIntegers: precision == .int16)
    let lying: Layout = layer.inputs[0].known[.blocked] == nil ? .planar : .blocked
    for (fusion, _, _) in layer.fusions {
      request.epilogue = fusion.epilogue
      if let choice = layer.layer.bestForm(request, disabledForms, lying: lying) {
        return ScheduledForm(
          fusion: fusion, formName: choice.form.name, prepared: choice.prepared,
          takes: choice.form.layouts.takes, makes: choice.form.layouts.makes)
      }
    }
    throw layer.layer.allFormsAreOff()
  }

  func conversion(
    _ source: Place, _ target: Place
  ) -> (formName: String, prepared: any PreparedForm) {
    ("layout.\(target.layout)", LayoutChange(target.shape, to: target.layout))
  }

  func place(_ shape: Shape, _ layout: Layout) -> Place { Place(shape: shape, layout: layout) }
  func size(of place: Place) -> Int { place.layout.count(place.shape) }
  func end(of place: Place) -> Int { place.offset + size(of: place) }

  func moved(_ place: Place, by floats: Int) -> Place {
    Place(shape: place.shape, layout: place.layout, offset: place.offset + floats)
  }

  /// Kernels know no gaps between rows.
  func part(of whole: Place, from offset: Extent, _ shape: Shape) -> Place? { nil }

  /// Of several pictures, each one's channels lie apart; blocks are whole but for the last, and registers
  /// want their alignment.
  func offsets(of shapes: [Shape], _ layout: Layout) -> [Int]? {
    var offsets: [Int] = []
    var next = 0
    for shape in shapes {
      guard shape.n == 1, next % 16 == 0 else { return nil }
      offsets.append(next)
      next += layout.count(shape)
    }
    let isWhole = layout == .planar || shapes.dropLast().allSatisfy { $0.c % channelBlock == 0 }
    return isWhole ? offsets : nil
  }
}
