import FCNTestSupport
import Testing

@testable import FCNSwift

/// Operations' settings as attributes.
struct StoredOperationTests {
  /// Each with its defaults, then with every setting otherwise.
  static let cases: [(operation: any StoredOperation, text: String)] = [
    (Convolution(7, kernel: 3), #"{"output_channels":7,"kernel":3}"#),
    (
      Convolution(
        6, kernel: Extent(3, 5), stride: Extent(2, 1), padding: Extent(0, 2), dilation: 2,
        groups: 3, bias: false, makesScores: true),
      #"{"output_channels":6,"kernel":[3,5],"stride":[2,1],"padding":[0,2],"dilation":2,"#
        + #""groups":3,"bias":false,"makes_scores":true}"#
    ),
    (TransposedConvolution(4, kernel: 2), #"{"output_channels":4,"kernel":2}"#),
    (
      TransposedConvolution(
        4, kernel: Extent(4, 6), stride: Extent(2, 3), padding: 1, groups: 2, bias: false,
        isFixed: true),
      #"{"output_channels":4,"kernel":[4,6],"stride":[2,3],"padding":1,"groups":2,"bias":false,"#
        + #""fixed":true}"#
    ),
    (MaxPool(kernel: 2, stride: 1), #"{"kernel":2,"stride":1}"#),
    (
      MaxPool(kernel: Extent(3, 4), stride: Extent(2, 3), padding: Extent(1, 2), ceilMode: true),
      #"{"kernel":[3,4],"stride":[2,3],"padding":[1,2],"ceil_mode":true}"#
    ),
    (BatchNorm(), "{}"),
    (BatchNorm(epsilon: 1e-3, momentum: 0.01), #"{"epsilon":0.001,"momentum":0.01}"#),
    (Crop(offset: 0), #"{"offset":0}"#),
    (Crop(offset: Extent(19, 3)), #"{"offset":[19,3]}"#),
    (Dropout(rate: 0.3), #"{"rate":0.3}"#),
    (LocalResponseNormalization(), "{}"),
    (
      LocalResponseNormalization(size: 3, alpha: 0.5, beta: 0.6, bias: 1.5),
      #"{"size":3,"alpha":0.5,"beta":0.6,"bias":1.5}"#
    ),
    (Resize(to: .likeSecondInput), "{}"),
    (Resize(to: .scaled(by: Extent(2, 3))), #"{"factor":[2,3]}"#),
    (Resize(to: .exact(5)), #"{"size":5}"#),
    (Scale(by: -1e-4), #"{"factor":-0.0001}"#),
    (ReLU(), "{}"), (Softmax(), "{}"), (Sum(), "{}"), (Concatenation(), "{}"), (SiLU(), "{}"),
    (Sigmoid(), "{}"), (HardSigmoid(), "{}"), (HardSwish(), "{}"), (LeakyReLU(), "{}"),
    (LeakyReLU(slope: -0.5), #"{"slope":-0.5}"#), (ClippedReLU(), "{}"),
    (ClippedReLU(limit: 1), #"{"limit":1}"#),
  ]

  @Test func attributesComeBack() throws {
    for (operation, text) in Self.cases {
      var writer = AttributeWriter()
      operation.write(to: &writer)
      #expect(JSON.object(writer.members).compactText == text)
      let name = type(of: operation).name
      let read = try StoredOperations.make(name, JSON(parsing: text))
      #expect("\(read)" == "\(operation)")
      #expect(type(of: read) == type(of: operation))
    }
  }

  @Test func everyOperationIsTriedAndEveryOneIsFoundByItsName() {
    let tried = Set(Self.cases.map { type(of: $0.operation).name })
    #expect(tried == Set(StoredOperations.all.map { $0.name }))
    #expect(Set(StoredOperations.all.map { $0.name }).count == StoredOperations.all.count)
  }
}
