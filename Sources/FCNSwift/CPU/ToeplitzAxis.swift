import FCNLoopTypes

/// Products that make the outputs of a few lines, of which a convolution's three taps see no others: in place
/// of a product for each tap that sees a line, one for each row of `lines` and `taps`.
struct ToeplitzRule: Sendable {
  /// What each product multiplies: a sum of lines by a sum of taps.
  let lines, taps: [[Float]]
  /// Each line's output, a sum of products.
  let sums: [[Float]]

  /// Most lines that there is a rule for.
  static let mostLines = 3

  /// Of 1, 2 or 3 lines. Outputs are the product of lines and a Toeplitz matrix of taps. Of two lines three
  /// products make it, Karatsuba and Ofman's (Fan and Hasan, IEEE Transactions on Computers 56(2), 2007), of
  /// three lines Winograd's five (F(3, 3) of Lavin and Gray, CVPR 2016), whose outer inputs are zeros here.
  init(lines count: Int) {
    switch count {
    case 1: (lines, taps, sums) = ([[1]], [[0, 1, 0]], [[1]])
    case 2:
      lines = [[1, 1], [0, 1], [1, 0]]
      taps = [[0, 1, 0], [0, -1, 1], [1, -1, 0]]
      sums = [[1, 1, 0], [1, 0, 1]]
    default:
      precondition(count == 3)
      lines = [[-1, -2, 1], [-2, -1, 1], [2, -3, 1], [-1, 0, 1], [2, -1, -2]]
      taps = [
        [1 / 2, 0, 0], [-1 / 2, -1 / 2, -1 / 2], [-1 / 6, 1 / 6, -1 / 6], [1 / 6, 1 / 3, 2 / 3],
        [0, 0, 1],
      ]
      sums = [[1, 1, 1, 1, 0], [0, 1, -1, 2, 0], [0, 1, 1, 4, 1]]
    }
  }
}

/// An axis on which taps stand so far apart that lines see few others: those a multiple of the dilation away,
/// which are a phase.
struct ToeplitzAxis: Sendable {
  /// Phases of as many lines each; line `index` of one is the plane's line phase + index · dilation.
  struct Group: Sendable {
    let phases: Range<Int>
    let rule: ToeplitzRule
  }

  let dilation: Int
  /// Those of more lines first.
  let groups: [Group]

  /// Of `size` lines; nil where a phase has more than there is a rule for.
  init?(size: Int, dilation: Int) {
    let most = (size - 1) / dilation + 1
    guard size > 0, most <= ToeplitzRule.mostLines else { return nil }
    self.dilation = dilation
    let long = size - (most - 1) * dilation
    var groups = [Group(phases: 0..<long, rule: ToeplitzRule(lines: most))]
    if most > 1, long < dilation {
      groups.append(Group(phases: long..<dilation, rule: ToeplitzRule(lines: most - 1)))
    }
    self.groups = groups
  }

  /// The groups in parts of at most `most` phases.
  func divided(by most: Int) -> [Group] {
    groups.flatMap { group in
      let (first, count) = (group.phases.lowerBound, group.phases.count)
      let parts = (count + most - 1) / most
      return (0..<parts).map {
        Group(
          phases: first + $0 * count / parts..<first + ($0 + 1) * count / parts, rule: group.rule)
      }
    }
  }
}

/// A sum of things, each times its factor, with the factors that are not zero.
struct Combination: Sendable {
  let indices: [Int]
  let factors: [Float]

  init(_ factors: [Float]) {
    indices = factors.indices.filter { factors[$0] != 0 }
    self.factors = indices.map { factors[$0] }
  }

  /// Of things in rows and columns.
  init(_ rows: [Float], _ columns: [Float]) {
    self.init(rows.flatMap { row in columns.map { row * $0 } })
  }

  /// Writes the sum of `count` values each, those of thing `i` from `place(i)` on.
  func write(
    to target: UnsafeMutablePointer<Float>, _ count: Int, _ loops: LoopTable,
    _ place: (Int) -> UnsafePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: indices.count) {
      for (term, index) in indices.enumerated() { $0.initializeElement(at: term, to: place(index)) }
      guard let sources = $0.baseAddress else { return }
      factors.withUnsafeBufferPointer {
        guard let factors = $0.baseAddress else { return }
        loops.combine(UnsafePointer(sources), factors, indices.count, target, count)
      }
    }
  }
}
