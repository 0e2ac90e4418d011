import Testing

@testable import FCNSwift
