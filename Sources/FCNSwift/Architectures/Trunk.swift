/// What stands between the picture and the scores: layers that make features, taken over from
/// networks that classify whole pictures. A new trunk is a type that conforms to this, in a file of
/// its own.
protocol Trunk {
  /// Appends the trunk's layers to `network`, on top of its last layer, and says where the features
  /// are that heads take scores from.
  func append(to network: inout NetworkBuilder, _ options: ArchitectureOptions) -> TrunkFeatures
}

/// The layers whose outputs are a trunk's features. In a trunk without dilation, stage k has one pixel
/// for 2^k of the picture along each axis.
struct TrunkFeatures {
  let stage3: String
  let stage4: String
  /// The last and coarsest.
  let stage5: String
}
