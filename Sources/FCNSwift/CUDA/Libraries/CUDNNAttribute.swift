/// An attribute of a cuDNN descriptor: its number, its type and its name, as cudnn_graph.h has them.
struct CUDNNAttribute: Sendable {
  let number: Int32
  let type: ValueType
  /// Without `CUDNN_ATTR_`, which all have.
  let name: String

  fileprivate init(_ number: Int32, _ type: ValueType, _ name: String) {
    (self.number, self.type, self.name) = (number, type, name)
  }

  /// cudnnBackendAttributeType_t.
  enum ValueType: Int32, Sendable {
    case handle = 0
    case dataType = 1
    case boolean = 2
    case int64 = 3
    case float = 4
    case address = 6
    case convolutionMode = 7
    case heuristicMode = 8
    case numericalNote = 11
    case pointwiseMode = 14
    case descriptor = 15
    case behaviorNote = 19
  }

  static let pointwiseMode = Self(0, .pointwiseMode, "POINTWISE_MODE")
  static let pointwisePrecision = Self(1, .dataType, "POINTWISE_MATH_PREC")

  static let convolutionType = Self(100, .dataType, "CONVOLUTION_COMP_TYPE")
  static let convolutionMode = Self(101, .convolutionMode, "CONVOLUTION_CONV_MODE")
  static let convolutionDilations = Self(102, .int64, "CONVOLUTION_DILATIONS")
  static let convolutionStrides = Self(103, .int64, "CONVOLUTION_FILTER_STRIDES")
  static let convolutionPaddingAfter = Self(104, .int64, "CONVOLUTION_POST_PADDINGS")
  static let convolutionPaddingBefore = Self(105, .int64, "CONVOLUTION_PRE_PADDINGS")
  static let convolutionAxes = Self(106, .int64, "CONVOLUTION_SPATIAL_DIMS")

  static let heuristicMode = Self(200, .heuristicMode, "ENGINEHEUR_MODE")
  static let heuristicGraph = Self(201, .descriptor, "ENGINEHEUR_OPERATION_GRAPH")
  static let heuristicResults = Self(202, .descriptor, "ENGINEHEUR_RESULTS")

  static let configurationEngine = Self(300, .descriptor, "ENGINECFG_ENGINE")

  static let planHandle = Self(400, .handle, "EXECUTION_PLAN_HANDLE")
  static let planConfiguration = Self(401, .descriptor, "EXECUTION_PLAN_ENGINE_CONFIG")
  static let planWorkspace = Self(402, .int64, "EXECUTION_PLAN_WORKSPACE_SIZE")

  static let pointwiseOperation = Self(750, .descriptor, "OPERATION_POINTWISE_PW_DESCRIPTOR")
  static let pointwiseInput = Self(751, .descriptor, "OPERATION_POINTWISE_XDESC")
  static let pointwiseAddend = Self(752, .descriptor, "OPERATION_POINTWISE_BDESC")
  static let pointwiseOutput = Self(753, .descriptor, "OPERATION_POINTWISE_YDESC")

  static let graphHandle = Self(800, .handle, "OPERATIONGRAPH_HANDLE")
  static let graphOperations = Self(801, .descriptor, "OPERATIONGRAPH_OPS")
  static let graphEngineCount = Self(802, .int64, "OPERATIONGRAPH_ENGINE_GLOBAL_COUNT")

  static let tensorAlignment = Self(900, .int64, "TENSOR_BYTE_ALIGNMENT")
  static let tensorType = Self(901, .dataType, "TENSOR_DATA_TYPE")
  static let tensorExtents = Self(902, .int64, "TENSOR_DIMENSIONS")
  static let tensorStrides = Self(903, .int64, "TENSOR_STRIDES")
  static let tensorNumber = Self(906, .int64, "TENSOR_UNIQUE_ID")
  static let tensorIsVirtual = Self(907, .boolean, "TENSOR_IS_VIRTUAL")

  static let packNumbers = Self(1000, .int64, "VARIANT_PACK_UNIQUE_IDS")
  static let packAddresses = Self(1001, .address, "VARIANT_PACK_DATA_POINTERS")
  static let packWorkspace = Self(1003, .address, "VARIANT_PACK_WORKSPACE")

  static let engineGraph = Self(1300, .descriptor, "ENGINE_OPERATION_GRAPH")
  static let engineIndex = Self(1301, .int64, "ENGINE_GLOBAL_INDEX")
  static let engineNumericalNotes = Self(1303, .numericalNote, "ENGINE_NUMERICAL_NOTE")
  static let engineBehaviorNotes = Self(1305, .behaviorNote, "ENGINE_BEHAVIOR_NOTE")
}

/// The attributes of the operation that is one pass of a convolution, which follow each other.
struct CUDNNConvolutionAttributes: Sendable {
  let alpha, beta, settings: CUDNNAttribute
  /// The weights or their gradient; the input, the output.
  let weights, input, output: CUDNNAttribute

  private init(_ first: Int32, _ pass: String, _ weights: String, _ input: String, _ output: String)
  {
    let name = "OPERATION_CONVOLUTION_\(pass)_"
    alpha = CUDNNAttribute(first, .float, name + "ALPHA")
    beta = CUDNNAttribute(first + 1, .float, name + "BETA")
    settings = CUDNNAttribute(first + 2, .descriptor, name + "CONV_DESC")
    self.weights = CUDNNAttribute(first + 3, .descriptor, name + weights)
    self.input = CUDNNAttribute(first + 4, .descriptor, name + input)
    self.output = CUDNNAttribute(first + 5, .descriptor, name + output)
  }

  static let forward = Self(700, "FORWARD", "W", "X", "Y")
  static let inputGradient = Self(706, "BWD_DATA", "W", "DX", "DY")
  static let weightGradient = Self(712, "BWD_FILTER", "DW", "X", "DY")
}

/// Numbers that attributes have, as cudnn_graph.h has them.
enum CUDNNValue {
  static let crossCorrelation: Int32 = 1
  static let add: Int32 = 0
  static let rectify: Int32 = 100

  /// cudnnBackendHeurMode_t.
  enum HeuristicMode: Int32 {
    case networks = 1
    case fallback = 2
    case trees = 3
  }

  /// cudnnBackendNumericalNote_t.
  enum NumericalNote: Int32 {
    case matrixUnits = 0
    case narrowsInputs = 1
    case narrowsSums = 2
    case isNondeterministic = 4
    case winograd = 5
    case winograd13 = 8
  }

  /// CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION.
  static let compiles: Int32 = 0

  /// Room for every note that there is, or will be for long: there are ten.
  static let mostNotes = 64
}

extension DeviceElement {
  /// cudnnDataType_t.
  var cudnnType: Int32 {
    switch self {
    case .float32: 0
    case .float16: 2
    case .bfloat16: 9
    }
  }
}
