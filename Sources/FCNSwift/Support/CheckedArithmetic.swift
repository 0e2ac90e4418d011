/// The product of `factors`, or nil where it, or a factor, is negative or beyond `Int`.
///
/// Sizes that come from files and callers go through this before any memory is touched.
func checkedProduct(_ factors: Int...) -> Int? { checkedProduct(factors) }

/// The product of `factors`, or nil where it, or a factor, is negative or beyond `Int`.
func checkedProduct(_ factors: [Int]) -> Int? {
  var product = 1
  for factor in factors {
    guard factor >= 0 else { return nil }
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    product = next
  }
  return product
}

/// `value` rounded up to the next multiple of `multiple`, both positive.
func roundUp(_ value: Int, toMultipleOf multiple: Int) -> Int {
  (value + multiple - 1) / multiple * multiple
}

/// Part `index` of `0..<count` cut into parts of `size`; empty where `count` ends before it.
func part(_ index: Int, of count: Int, size: Int) -> Range<Int> {
  min(count, index * size)..<min(count, (index + 1) * size)
}
