/// What the examinations of one set of pictures add up to.
struct SurveyTally {
  var part: DatasetSurvey.Part
  /// What must be mended, in the order of the pictures.
  var problems: [PictureExamination.Problem] = []
  /// Pictures of nothing but ignored pixels.
  var ignored: [String] = []
  /// Label maps that could be read.
  var readable = 0
  /// Label files with labels that are neither a class nor `ignore`.
  var strayFiles = 0
  /// The pictures' fingerprints.
  var fingerprints: Set<UInt64> = []
  /// Pictures in order, by name and fingerprint.
  var pictures: [(name: String, fingerprint: UInt64?)] = []
  /// Pixels of labels that are neither a class nor `ignore`.
  var strayPixels = 0

  init(classCount: Int) {
    let zeros = [Int](repeating: 0, count: classCount)
    part = .init(classPixels: zeros, classPictures: zeros)
  }

  mutating func add(_ examination: PictureExamination) {
    part.pictureCount += 1
    if let size = examination.imageSize { part.sizes.append(size) }
    problems += examination.problems
    pictures.append((examination.name, examination.fingerprint))
    if let fingerprint = examination.fingerprint { fingerprints.insert(fingerprint) }
    if examination.hasStrayLabels { strayFiles += 1 }
    let pixels = examination.labelPixels
    guard pixels.count == 256 else { return }
    readable += 1
    var labelled = 0
    for label in 0..<255 where pixels[label] > 0 {
      labelled += pixels[label]
      guard label < part.classPixels.count else {
        strayPixels += pixels[label]
        continue
      }
      part.classPixels[label] += pixels[label]
      part.classPictures[label] += 1
    }
    part.ignoredPixels += pixels[255]
    if labelled == 0 { ignored.append(examination.name) }
  }

  mutating func finish() {
    part.sizes.sort { ($0.area, $0.width) < ($1.area, $1.width) }
  }
}
