/// What a host was told of a run last, to be told again within a layer.
final class ToldProgress {
  private let progress: (Session.Progress) -> Bool
  private var last: Session.Progress

  /// Of a run of `count` pictures.
  init(_ progress: @escaping (Session.Progress) -> Bool, of count: Int) {
    self.progress = progress
    last = Session.Progress(
      picturesDone: 0, pictureCount: count, batchCount: 0, layersDone: 0, layerCount: 0,
      layerName: "")
  }

  func tell(_ state: Session.Progress) -> Bool {
    last = state
    return progress(state)
  }

  func again() -> Bool { progress(last) }
}
