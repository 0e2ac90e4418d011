import FCNSwift
