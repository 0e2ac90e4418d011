@testable import FCNSwift
