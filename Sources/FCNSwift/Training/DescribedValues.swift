/// A value as Swift describes it, as checkpoints keep it: `step(epochs: 3, factor: 0.1)`, its name and
/// its numbers.
private struct Description {
  let name: Substring
  let numbers: [Float]

  init(_ text: String) {
    name = text.prefix { $0 != "(" }
    // Three dots stand between the bounds of a range.
    var words = [""]
    for character in text {
      if character.isLetter || character.isNumber || "+-.".contains(character) {
        words[words.count - 1].append(character)
      } else {
        words.append("")
      }
      if words[words.count - 1].hasSuffix("...") {
        words[words.count - 1].removeLast(3)
        words.append("")
      }
    }
    numbers = words.filter { $0.first?.isLetter == false }.compactMap { Float($0) }
  }
}

extension Optimizer {
  init?(described text: String) {
    let found = Description(text)
    switch (found.name, found.numbers.count) {
    case ("sgd", 1): self = .sgd(momentum: found.numbers[0])
    case ("adamW", 2): self = .adamW(beta1: found.numbers[0], beta2: found.numbers[1])
    default: return nil
    }
  }
}

extension RateSchedule {
  init?(described text: String) {
    let found = Description(text)
    switch (found.name, found.numbers.count) {
    case ("constant", _): self = .constant
    case ("poly", 1): self = .poly(power: found.numbers[0])
    case ("step", 2):
      self = .step(epochs: Int(exactly: found.numbers[0]) ?? 0, factor: found.numbers[1])
    default: return nil
    }
  }
}

extension TrainingOptions.ClassWeights {
  init?(described text: String) {
    let found = Description(text)
    switch found.name {
    case "none": self = .none
    case "enet": self = .enet
    case "explicit": self = .explicit(found.numbers)
    default: return nil
    }
  }
}

extension Augmentation {
  init?(described text: String) {
    let numbers = Description(text).numbers
    guard numbers.count == 6, numbers[2] <= numbers[3] else { return nil }
    self.init(
      cropWidth: Int(exactly: numbers[0]) ?? 0, cropHeight: Int(exactly: numbers[1]) ?? 0,
      scale: numbers[2]...numbers[3], flip: text.contains("flip: true"), brightness: numbers[4],
      contrast: numbers[5])
  }
}
