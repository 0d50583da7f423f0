# SPDX-License-Identifier: Apache-2.0
# cpu/arm64/*.decode -> generated/cpu/arm64/decode.gen.h and .c
file(GLOB A64_TABLES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.decode)
set(A64_GENERATED ${CMAKE_BINARY_DIR}/generated/cpu/arm64)
file(MAKE_DIRECTORY ${A64_GENERATED})
add_custom_command(
  OUTPUT ${A64_GENERATED}/decode.gen.h ${A64_GENERATED}/decode.gen.c
  COMMAND decodegen ${CMAKE_BINARY_DIR}/generated cpu/arm64/decode.gen.h ${A64_TABLES}
  DEPENDS decodegen ${A64_TABLES}
  COMMENT "decode tables of cpu/arm64"
  VERBATIM)
list(APPEND ORRERY_GENERATED ${A64_GENERATED}/decode.gen.h ${A64_GENERATED}/decode.gen.c)
include(${CMAKE_CURRENT_LIST_DIR}/profiles.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/a32/decode.cmake)
