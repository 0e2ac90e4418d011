@testable import FCNSwift
import FCNTestSupport
import Testing

/// CVAT's XML and COCO's panoptic files that no tool wrote: refused by their pictures, or as a whole.
struct HostileCVATTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(try Image(width: 8, height: 6).encodedPNG(), to: "in/images/a.png")
  }

  private func report(_ source: Conversion.Source, _ text: String, _ name: String) throws
    -> ConversionReport
  {
    try folder.write(text, to: "in/\(name)")
    var conversion = Conversion(source, inputs: [folder.file("in/\(name)")])
    if source == .coco { conversion.images = folder.file("in/images") }
    return try conversion.survey().report
  }

  @Test(arguments: [
    #"polygon label="x" points="1,1;2,2;nan,3""#, #"polygon label="x" points="1,1;2,2;1e300,3""#,
    #"polygon label="x" points="1,1;2;3,3""#,
    #"polygon label="x" points="1,1;2,2;3,3" z_order="a""#,
    #"polygon points="1,1;2,2;3,3""#, #"box label="x" xtl="1" ytl="1" xbr="2""#,
    #"box label="x" xtl="1" ytl="1" xbr="3" ybr="3" rotation="1e99""#,
    #"ellipse label="x" cx="1" cy="1" rx="inf" ry="1""#, #"cuboid label="x""#,
    #"mask label="x" rle="1, 3" left="0" top="0" width="2" height="3""#,
    #"mask label="x" rle="1, 99" left="0" top="0" width="2" height="2""#,
    #"mask label="x" rle="-1, 5" left="0" top="0" width="2" height="2""#,
    #"mask label="x" rle="1,,3" left="0" top="0" width="2" height="2""#,
    #"mask label="x" rle="4" left="0" top="0" width="4611686018427387904" height="4""#,
    #"mask label="x" rle="4" left="9223372036854775807" top="0" width="2" height="2""#,
    #"mask label="x" rle="4" left="0" top="-9223372036854775808" width="2" height="2""#,
    #"mask label="x" rle="4" left="0" top="0" width="0" height="2""#,
  ])
  func shapesThatAreNoneAreToldByTheirPicture(shape: String) throws {
    let document =
      #"<annotations><image name="a.png" width="8" height="6"><\#(shape)/></image></annotations>"#
    let report = try report(.cvat, document, "annotations.xml")
    let error = report.errors(leavingOutFaulty: false).first { $0.kind == .unreadable }
    #expect(error?.text.contains(#"image "a.png": shape 0, "#) == true, "\(report.findings)")
    #expect(report.pictureCount == 0)
  }

  @Test(arguments: [
    ("<annotation/>", "no annotation of CVAT"), ("<annotations/>", "no images"),
    ("<annotations><track/></annotations>", "CVAT for video"),
    ("<annotations><image/></annotations>", "no name"),
    (#"<annotations><image name="a.png" width="-1" height="6"/></annotations>"#, "size"),
    (#"<annotations><image name="a.png" "#, "XML, byte"),
    ("<!DOCTYPE a [<!ENTITY b 'x'>]><annotations/>", "document type"),
    (
      "<annotations><meta><labels><label><name>x</name><color>red</color></label></labels></meta>"
        + "</annotations>", "no colour"
    ),
  ])
  func documentsThatAreNoneAreToldByTheirFile(document: String, words: String) throws {
    let error = errorOf { _ = try report(.cvat, document, "annotations.xml") }
    // Where nothing at all was found there are no classes to survey.
    let text =
      try error?.message
      ?? report(.cvat, document, "annotations.xml").findings.map(\.text).joined()
    #expect(text.contains(words), "\(text)")
  }

  @Test func shapesOutsideOfThePictureAreCut() throws {
    let shapes = """
      <box label="x" xtl="-90" ytl="2" xbr="90" ybr="4"/>
      <ellipse label="y" cx="8" cy="6" rx="16777216" ry="16777216"/>
      <ellipse label="x" cx="4" cy="3" rx="-5" ry="-5"/>
      <mask label="x" rle="0, 4" left="-1" top="-1" width="2" height="2" z_order="1"/>
      <mask label="x" rle="0, 4" left="100" top="100" width="2" height="2"/>
      """
    let document =
      #"<annotations><image name="a.png" width="8" height="6">\#(shapes)</image></annotations>"#
    let report = try report(.cvat, document, "annotations.xml")
    #expect(report.errors(leavingOutFaulty: false).isEmpty, "\(report.findings)")
    #expect(report.classPixels == [0, 1, 47])
  }

  @Test(arguments: [
    (#"{"image_id":1,"segments_info":[]}"#, "file_name"),
    (#"{"image_id":1,"file_name":"no.png","segments_info":[]}"#, "is not in"),
    (#"{"image_id":1,"file_name":"../in/s.png","segments_info":[]}"#, "is not in"),
    (#"{"image_id":1,"file_name":"s.png","segments_info":[{"id":0,"category_id":1}]}"#, "no id"),
    (#"{"image_id":1,"file_name":"s.png","segments_info":[{"id":-1,"category_id":1}]}"#, "no id"),
    (
      #"{"image_id":1,"file_name":"s.png","segments_info":[{"id":7,"category_id":5}]}"#,
      "not listed"
    ),
    (
      #"{"image_id":1,"file_name":"s.png","segments_info":[{"id":16777216,"category_id":1}]}"#,
      "no id"
    ),
    (#"{"image_id":1,"file_name":"s.png","segments_info":[{"id":7}]}"#, "id is missing"),
    (#"{"image_id":1,"file_name":"s.png","segments_info":[]}"#, "the colour (7, 0, 0)"),
    (#"{"image_id":2,"file_name":"s.png","segments_info":[]}"#, "which is not listed"),
  ])
  func segmentsThatAreNoneAreTold(annotation: String, words: String) throws {
    try folder.write(
      try Image(width: 8, height: 6, colour: RGB(7, 0, 0)).encodedPNG(), to: "in/s.png")
    let document = """
      {"images":[{"id":1,"file_name":"a.png","width":8,"height":6}],
       "categories":[{"id":1,"name":"x","color":[1,2,3]}],"annotations":[\(annotation)]}
      """
    let report = try report(.coco, document, "panoptic.json")
    let text = report.errors(leavingOutFaulty: false).map(\.text).joined()
    #expect(text.contains(words), "\(text)")
  }
}
