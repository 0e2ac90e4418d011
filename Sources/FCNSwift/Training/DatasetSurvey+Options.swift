extension DatasetSurvey {
  /// What is odd about training so on the pictures that were surveyed: minibatches of more pictures
  /// than there are, and crops that no picture fills.
  public func findings(
    for options: TrainingOptions, preprocessing: Preprocessing
  ) -> [Finding] {
    var findings: [Finding] = []
    let pictures = training.pictureCount
    if options.batchSize > pictures, pictures > 0 {
      findings.append(
        Finding(
          .warning, .batchSize,
          "a minibatch of \(options.batchSize) pictures is more than "
            + (pictures == 1
              ? "the 1 that there is: each step learns from it"
              : "the \(pictures) that there are: each step learns from all of them")))
    }
    let augmentation = options.augmentation
    let (width, height) = (augmentation.cropWidth, augmentation.cropHeight)
    let small = training.sizes.filter { size in
      let seen = preprocessing.networkSize(width: size.width, height: size.height)
      let factor = augmentation.scale.upperBound
      return Float(seen.width) * factor < Float(width)
        || Float(seen.height) * factor < Float(height)
    }
    // A few small ones among many are no matter: what they lack is ignored.
    if let median = training.median, small.count * 2 > training.sizes.count {
      let seen = preprocessing.networkSize(width: median.width, height: median.height)
      findings.append(
        Finding(
          .warning, .cropSize,
          "crops of \(width)×\(height) are larger than \(small.count) of the \(training.sizes.count) "
            + "pictures even when these are scaled up (the network sees most at "
            + "\(seen.width)×\(seen.height)): the rest of such a crop is padding, which is computed "
            + "and teaches nothing",
          count: small.count))
    }
    return findings
  }
}
