extension VOCFolder {
  /// What a survey wants to know of the picture `entry`: the labels are decoded, the picture is gone
  /// through for damage.
  func examination(of entry: DatasetEntry) -> PictureExamination {
    var examination = PictureExamination(name: entry.name)
    func noting(_ body: () throws -> Void) {
      do {
        try body()
      } catch {
        examination.note(error)
      }
    }
    noting {
      let file = try imageFile(of: entry)
      let bytes = try File.readPicture(file)
      try naming(file) {
        try bytes.withUnsafeBytes { bytes in
          examination.fingerprint = fingerprint(of: bytes)
          let size = try Image.checkedSize(ofEncoded: bytes)
          examination.imageSize = .init(size.width, size.height)
        }
      }
    }
    noting {
      let file = try labelFile(of: entry)
      examination.note(
        try LabelMap(contentsOf: file, coding: coding), classCount: classNames.count, in: file)
    }
    examination.compareSizes()
    return examination
  }
}
