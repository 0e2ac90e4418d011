public import CFCN
import FCNSwift

@_cdecl("fcn_model_calibrate")
public func fcn_model_calibrate(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ model: OpaquePointer?,
  _ pictures: UnsafePointer<fcn_pixels>?, _ count: Int32, _ threads: Int32,
  _ progress: fcn_segment_callback?, _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      let model = try ModelObject.from(model).model
      let pictures = try required(pictures, "pictures")
      guard count > 0 else {
        throw FCNError(
          .invalidArgument,
          "count is \(count); it must be at least 1: ranges are measured on pictures")
      }
      try NumberRange.threads.check(Int(threads), "threads")
      let views = try UnsafeBufferPointer(start: pictures, count: Int(count)).enumerated().map(view)
      let clock = ContinuousClock()
      let start = clock.now
      let calibrated = try model.calibrated(
        count: views.count, threads: Int(threads),
        progress: progress.map { callback in
          { done, total in
            var report = fcn_segment_progress.sized
            report.pictures_done = Int32(clamping: done * views.count / total)
            report.picture_count = count
            report.fraction = Float(done) / Float(total)
            report.elapsed_ms = (clock.now - start) / .milliseconds(1)
            return callback(&report, user_data) == 0
          }
        }
      ) { index, body in try body(views[index]) }
      return try ModelObject(calibrated)
    }
  }
}
