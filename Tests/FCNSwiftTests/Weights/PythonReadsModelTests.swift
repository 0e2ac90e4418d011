import FCNTestSupport
import Testing

@testable import FCNSwift

/// The files as others see them: Python's `safetensors` and NumPy.
@Suite(
  .enabled(
    if: Python.canImport("safetensors", "numpy"),
    "model files as Python reads them: python3 has no safetensors and NumPy (pip install both)"))
struct PythonReadsModelTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [ElementType.float32, .float16])
  func theSafetensorsPackageReadsAModel(elementType: ElementType) throws {
    let model = try Model.fresh(smallDescription(batchNorm: true), seed: 5)
    try model.write(to: folder.file("model"), elementType: elementType)
    let bias = try #require(model.weights["conv3_1.weight"]?.converted(to: elementType).floats)
    let script = """
      import json, sys
      import numpy
      from safetensors import safe_open
      from safetensors.numpy import load_file

      path, dtype, first = sys.argv[1:]
      with safe_open(path, framework="numpy") as file:
          metadata = file.metadata()
          names = set(file.keys())
      assert metadata["format"] == "fcn" and metadata["fcn.version"] == "1", metadata
      assert metadata["fcn.architecture"] == "fcn-simple", metadata
      assert json.loads(metadata["fcn.classes"]) == ["class 0", "class 1", "class 2"], metadata
      assert json.loads(metadata["fcn.options"])["batch_norm"] is True, metadata
      assert metadata["fcn.note"] == 'a note, with "quotes" and é', metadata
      weights = load_file(path)
      assert set(weights) == names and len(names) == 77, len(names)
      tensor = weights["conv3_1.weight"]
      assert tensor.shape == (5, 3, 3, 3) and tensor.dtype == dtype, (tensor.shape, tensor.dtype)
      assert tensor.flat[0] == numpy.float32(first), (tensor.flat[0], first)

      # The same by hand, as docs/model-format.md tells it.
      data = open(path, "rb").read()
      length = int.from_bytes(data[:8], "little")
      begin, end = json.loads(data[8 : 8 + length])["conv3_1.weight"]["data_offsets"]
      by_hand = numpy.frombuffer(data[8 + length + begin : 8 + length + end], dtype)
      assert (by_hand.reshape(5, 3, 3, 3) == tensor).all()
      """
    let result = try Python.run(
      script, folder.file("model"), "\(elementType)", "\(bias[0])")
    #expect(result.status == 0, "\(result.output)")
  }

  @Test func numpyReadsArrays() throws {
    let floats: [Float] = [0, 1, 2, 3, 4, 5.5]
    try File.write(NPY.bytes(floats, shape: [1, 2, 3]), to: folder.file("f.npy"))
    try File.write(NPY.bytes([-1, 1 << 40], shape: [2]), to: folder.file("i.npy"))
    try File.write(NPY.bytes([7, 255] as [UInt8], shape: [2, 1]), to: folder.file("b.npy"))
    let script = """
      import sys
      import numpy
      f, i, b = (numpy.load(path) for path in sys.argv[1:])
      assert f.dtype == "float32" and f.tolist() == [[[0, 1, 2], [3, 4, 5.5]]], f
      assert i.dtype == "int64" and i.tolist() == [-1, 1 << 40], i
      assert b.dtype == "uint8" and b.tolist() == [[7], [255]], b
      """
    let result = try Python.run(
      script, folder.file("f.npy"), folder.file("i.npy"), folder.file("b.npy"))
    #expect(result.status == 0, "\(result.output)")
  }
}
