import Testing

@testable import FCNSwift

/// Names of architectures, and what is said of those that are none's.
struct ArchitectureNamesTests {
  @Test func namesDiffer() {
    let names = Architecture.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" } })
  }

  @Test(arguments: [
    ("deeplabv3_resnet50", "deeplabv3-resnet50"), ("dabnett", "dabnet"), ("DABNet", "dabnet"),
    ("fcn_resnet-101", "fcn-resnet101"), ("mobilenet", "fcn-mobilenet-v2"),
    ("resnet34", "fcn-resnet34"), ("xyznet", nil), ("", nil),
  ])
  func theNearestNamesAreProposed(name: String, wanted: String?) throws {
    let error = #expect(throws: FCNError.self) { try Architecture.named(name) }
    let message = try #require(error?.message)
    if let wanted {
      #expect(
        message.hasPrefix("there is no architecture \"\(name)\"; most like it are: \(wanted)"))
    } else {
      #expect(message.contains("there are: fcn-simple, "))
    }
  }

  /// Cheap enough for a few cores as published, or not.
  @Test(arguments: [
    ("dabnet", true), ("edanet", true), ("lraspp-mobilenet-v3-large", true), ("unet", false),
    ("fcn-simple", false), ("deeplabv3-resnet50", false),
  ])
  func smallNetworksAreKnown(name: String, isSmall: Bool) throws {
    #expect(try Architecture.named(name).isSmall == isSmall)
  }
}
