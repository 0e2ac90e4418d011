/// What a pickle says of a NumPy array.
struct PickleArray {
  /// The element type, by its number.
  var type: Int?
  /// The tuple of its extents, by its place in the heap.
  var shape = PickleHeap.none
  /// Whether the first axis is the one whose neighbours lie side by side.
  var isColumnMajor = false
  /// Its elements; nil until they are given.
  var data: PickleBytes?
}

/// What a pickle says of a NumPy element type.
struct PickleArrayType {
  /// As NumPy spells it without its byte order, `f4`.
  let code: PickleBytes
  /// `<` or `>`; `|` where there is none.
  var order = UInt8(ascii: "<")
  /// Whether it is a record of named fields.
  var isRecord = false
}

extension PickleMachine {
  /// `numpy.dtype(code, …)`; nothing that matters where it is made of something else.
  mutating func arrayType(_ arguments: ArraySlice<Int>) throws -> Int {
    guard let first = arguments.first, case .text(let code) = heap[first] else {
      return PickleHeap.inert
    }
    heap.arrayTypes.append(PickleArrayType(code: code))
    return heap.add(.arrayType(heap.arrayTypes.count - 1))
  }

  /// `_frombuffer(bytes, type, shape, order)`.
  mutating func arrayOfBytes(_ arguments: ArraySlice<Int>) throws -> Int {
    let parts = Array(arguments.prefix(4))
    guard parts.count == 4, case .blob(let data) = heap[parts[0]] else { return PickleHeap.inert }
    var array = PickleArray(shape: parts[2], data: data)
    if case .arrayType(let type) = heap[parts[1]] { array.type = type }
    array.isColumnMajor = try heap.string(at: parts[3]) == "F"
    return heap.addArray(array)
  }
}

extension PickleHeap {
  mutating func addArray(_ array: PickleArray) -> Int {
    arrays.append(array)
    return add(.array(arrays.count - 1))
  }

  /// Takes the contents of an array: (version, shape, type, is in Fortran order, bytes).
  mutating func setState(_ state: Int, ofArray array: Int) throws {
    guard let parts = elements(of: state).map({ Array($0.suffix(4)) }), parts.count == 4 else {
      throw FCNError(.corrupt, "the pickle gives an array contents that are none")
    }
    arrays[array].shape = parts[0]
    if case .arrayType(let type) = self[parts[1]] { arrays[array].type = type }
    switch self[parts[2]] {
    case .boolean(let value): arrays[array].isColumnMajor = value
    case .integer(let value): arrays[array].isColumnMajor = value != 0
    default: throw FCNError(.corrupt, "the pickle gives an array in no order of its elements")
    }
    switch self[parts[3]] {
    case .blob(let data), .text(let data): arrays[array].data = data
    // Of objects there is a list.
    default: arrays[array].data = nil
    }
  }

  /// Takes the byte order of a type: (version, order, …, names of fields, …).
  mutating func setState(_ state: Int, ofArrayType type: Int) throws {
    guard let parts = elements(of: state).map({ Array($0.prefix(4)) }), parts.count >= 2,
      case .text(let order) = self[parts[1]], order.count == 1
    else { return }
    arrayTypes[type].order = bytes(of: order)[0]
    if parts.count == 4, case .none = self[parts[3]] { return }
    arrayTypes[type].isRecord = parts.count == 4
  }

  /// The array of that number, nil where its elements are objects, records or not there.
  func contents(ofArray number: Int) throws -> NumPyArray? {
    let array = arrays[number]
    guard let type = array.type.map({ arrayTypes[$0] }), !type.isRecord, let data = array.data,
      let code = try? string(type.code), let extents = elements(of: array.shape)
    else { return nil }
    guard extents.count <= StridedView.largestRank else {
      throw FCNError(
        .unsupported, "it has \(extents.count) axes; at most \(StridedView.largestRank) are read")
    }
    let shape = try extents.map { place in
      guard let extent = integer(at: place) else {
        throw FCNError(.corrupt, "its shape holds something that is not a count")
      }
      return extent
    }
    let order = String(decoding: [type.order], as: UTF8.self)
    return NumPyArray(
      type: order + code, shape: shape, isColumnMajor: array.isColumnMajor, data: stored(data))
  }
}

/// A NumPy array of one element type, wherever it was found.
struct NumPyArray {
  /// As NumPy spells it, `<f4`.
  let type: String
  /// Extents, outermost first.
  let shape: [Int]
  /// Whether the first axis is the one whose neighbours lie side by side.
  let isColumnMajor: Bool
  /// The elements.
  let data: StoredBytes
}
