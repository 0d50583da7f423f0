# SPDX-License-Identifier: Apache-2.0
# cpu/riscv/*.decode -> generated/cpu/riscv/decode.gen.h and .c
file(GLOB RV_TABLES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.decode)
set(RV_GENERATED ${CMAKE_BINARY_DIR}/generated/cpu/riscv)
file(MAKE_DIRECTORY ${RV_GENERATED})
add_custom_command(
  OUTPUT ${RV_GENERATED}/decode.gen.h ${RV_GENERATED}/decode.gen.c
  COMMAND decodegen ${CMAKE_BINARY_DIR}/generated cpu/riscv/decode.gen.h ${RV_TABLES}
  DEPENDS decodegen ${RV_TABLES}
  COMMENT "decode tables of cpu/riscv"
  VERBATIM)
list(APPEND ORRERY_GENERATED ${RV_GENERATED}/decode.gen.h ${RV_GENERATED}/decode.gen.c)
include(${CMAKE_CURRENT_LIST_DIR}/profiles.cmake)
