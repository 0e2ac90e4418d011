/// The opcodes of Python's pickles, by the names of Python's own `pickletools`.
enum PickleOpcode: UInt8 {
  // Frame and result.
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2E

  // The stack and the memo.
  case mark = 0x28
  case pop = 0x30
  case popMark = 0x31
  case dup = 0x32
  case binput = 0x71
  case longBinput = 0x72
  case memoize = 0x94
  case binget = 0x68
  case longBinget = 0x6A

  // Constants.
  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case binint = 0x4A
  case binint1 = 0x4B
  case binint2 = 0x4D
  case long1 = 0x8A
  case long4 = 0x8B
  case binfloat = 0x47
  case binstring = 0x54
  case shortBinstring = 0x55
  case binunicode = 0x58
  case shortBinunicode = 0x8C
  case binunicode8 = 0x8D
  case binbytes = 0x42
  case shortBinbytes = 0x43
  case binbytes8 = 0x8E
  case bytearray8 = 0x96

  // Containers.
  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5D
  case list = 0x6C
  case append = 0x61
  case appends = 0x65
  case emptyDict = 0x7D
  case dict = 0x64
  case setitem = 0x73
  case setitems = 0x75
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenset = 0x91

  // What Python would look up, make or call.
  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case build = 0x62
  case newobj = 0x81
  case newobjEx = 0x92
  case binpersid = 0x51

  // Text forms of protocol 0, and its objects.
  case int = 0x49
  case long = 0x4C
  case float = 0x46
  case string = 0x53
  case unicode = 0x56
  case get = 0x67
  case put = 0x70
  case inst = 0x69
  case obj = 0x6F

  // Known and not read: identifiers in text, extensions, buffers out of band.
  case persid = 0x50
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case nextBuffer = 0x97
  case readonlyBuffer = 0x98
}
