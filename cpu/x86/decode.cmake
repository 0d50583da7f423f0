# SPDX-License-Identifier: Apache-2.0
# cpu/x86/*.decode -> generated/cpu/x86/decode.gen.h and .c
file(GLOB X86_TABLES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.decode)
set(X86_GENERATED ${CMAKE_BINARY_DIR}/generated/cpu/x86)
file(MAKE_DIRECTORY ${X86_GENERATED})
add_custom_command(
  OUTPUT ${X86_GENERATED}/decode.gen.h ${X86_GENERATED}/decode.gen.c
  COMMAND decodegen ${CMAKE_BINARY_DIR}/generated cpu/x86/decode.gen.h ${X86_TABLES}
  DEPENDS decodegen ${X86_TABLES}
  COMMENT "decode tables of cpu/x86"
  VERBATIM)
list(APPEND ORRERY_GENERATED ${X86_GENERATED}/decode.gen.h ${X86_GENERATED}/decode.gen.c)
