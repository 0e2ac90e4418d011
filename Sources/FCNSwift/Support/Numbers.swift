/// Seconds as 0:07, 12:34 or 1:02:03.
package func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(max(0, seconds).rounded())
  func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  let (hours, minutes) = (whole / 3600, whole / 60 % 60)
  return hours > 0
    ? "\(hours):\(twoDigits(minutes)):\(twoDigits(whole % 60))"
    : "\(minutes):\(twoDigits(whole % 60))"
}

/// `count` with a comma every three digits.
package func grouped(_ count: Int) -> String {
  var text = ""
  for (index, digit) in String(count).reversed().enumerated() {
    if index > 0, index % 3 == 0, digit != "-" { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}

/// "1 picture", "2 epochs", "3 classes".
package func counted(_ count: Int, _ noun: String) -> String {
  let ending = noun.hasSuffix("s") || noun.hasSuffix("tch") ? "es" : "s"
  return "\(grouped(count)) \(noun)" + (count == 1 ? "" : ending)
}
