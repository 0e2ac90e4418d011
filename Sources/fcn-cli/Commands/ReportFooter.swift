import CFCN
import FCNSwift
import Glibc

/// What stands at the end of a report: the program, and the time.
func reportFooter() -> String {
  var (now, parts) = (time(nil), tm())
  guard gmtime_r(&now, &parts) != nil else { return "fcn \(FCN_VERSION)" }
  func twoDigits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
  let day = "\(parts.tm_year + 1900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
  return "fcn \(FCN_VERSION), \(day) \(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min)) UTC"
}
