/// The form in which a layer is carried out, made ready.
struct FormChoice {
  let form: Form
  let prepared: any PreparedForm
}

extension Layer {
  /// The form in which to carry out `request`, of those that serve it and are not switched off: the
  /// cheapest, or where costs are not known the first that takes values as they lie, or just the first. nil
  /// where none serves.
  func bestForm(
    _ request: FormRequest, _ disabledForms: Set<String>, lying: Layout = .planar
  ) -> FormChoice? {
    var best: FormChoice?
    for form in operation.forms where !disabledForms.contains(form.name) {
      guard let prepared = form.make(request) else { continue }
      let choice = FormChoice(form: form, prepared: prepared)
      guard let leading = best else {
        best = choice
        continue
      }
      if let cost = prepared.cost, let least = leading.prepared.cost {
        if cost < least { best = choice }
      } else if leading.prepared.cost == nil, leading.form.layouts.takes != lying,
        form.layouts.takes == lying
      {
        best = choice
      }
    }
    return best
  }

  /// The same; the reference form serves everything that has no epilogue.
  func choose(
    _ request: FormRequest, _ disabledForms: Set<String>, lying: Layout = .planar
  ) throws -> FormChoice {
    guard let choice = bestForm(request, disabledForms, lying: lying) else {
      throw allFormsAreOff()
    }
    return choice
  }

  /// Of a layer that no form is left for.
  func allFormsAreOff() -> FCNError {
    FCNError(
      .invalidArgument,
      "layer \(name): every form that serves it is switched off; leave "
        + "\(operation.forms.last?.name ?? "one") on")
  }
}
