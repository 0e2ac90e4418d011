/// `value` with `places` (0…9) digits after the point: 0.5 is "0.500" with three.
///
/// The one form in which numbers are shown to people, the same in every locale. Not-a-numbers,
/// infinities and what is too large for the digits come out as Swift describes them.
func decimal(_ value: Double, places: Int) -> String {
  let places = max(0, min(places, 9))
  var unit = 1
  for _ in 0..<places { unit *= 10 }
  let scaled = (abs(value) * Double(unit)).rounded()
  guard scaled < 0x1p53 else { return "\(value)" }
  let whole = Int(scaled)
  let sign = value < 0 && whole > 0 ? "-" : ""
  guard places > 0 else { return "\(sign)\(whole)" }
  let digits = String(whole % unit)
  return "\(sign)\(whole / unit).\(String(repeating: "0", count: places - digits.count))\(digits)"
}
