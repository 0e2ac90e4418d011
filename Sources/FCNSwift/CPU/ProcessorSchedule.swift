import FCNLoopTypes

/// The processor, as the schedule of a network asks it: values lie planar, N×C×H×W, or blocked,
/// ⌈C/16⌉×N×H×W×16, and are counted in floats.
struct ProcessorSchedule: ScheduleBackend {
  struct Place: Equatable {
    let shape: Shape
    let layout: Layout
    /// Floats before it in its buffer.
    var offset = 0
  }

  let disabledForms: Set<String>
  let precision: Precision
  let loops: LoopTable
  /// Whether scores may lie as they are made.
  var leavesScores = false

  var inputVariant: Layout { .planar }
  var scoresVariant: Layout? { leavesScores ? nil : .planar }
  var runsInPlace: Bool { true }

  func preferred(_ variants: some Collection<Layout>) -> Layout? {
    variants.contains(.blocked) ? .blocked : variants.first
  }

  func choose(_ layer: ScheduledLayer<Self>) throws -> ScheduledForm<Self> {
    var request = FormRequest(
      inputs: layer.inputs.map(\.shape), output: layer.output, loops: loops,
      allowsIntegers: precision == .int16, makesScores: layer.carriesScores || layer.isLast)
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

  /// Kernels know no gaps between rows.
  func part(of whole: Place, from offset: Extent, _ shape: Shape) -> Place? { nil }

  /// Blocks begin with whole ones before them; planar pictures have their channels apart. Registers want
  /// their alignment.
  func channels(of whole: Place, from first: Int, _ shape: Shape) -> Place? {
    guard whole.layout == .blocked ? first % channelBlock == 0 : shape.n == 1 else { return nil }
    let before = first * shape.n * shape.planeCount
    guard before % 16 == 0 else { return nil }
    return Place(shape: shape, layout: whole.layout, offset: whole.offset + before)
  }

  func concatenated(carriesScores: Bool) -> Layout? { nil }

  func moved(_ place: Place, into part: Place) -> Place {
    Place(shape: place.shape, layout: place.layout, offset: place.offset + part.offset)
  }
}
