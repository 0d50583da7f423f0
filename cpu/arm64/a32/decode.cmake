# SPDX-License-Identifier: Apache-2.0
# cpu/arm64/a32/NAME.decode -> generated/cpu/arm64/a32/NAME.gen.h and .c: decoders of their own
foreach(name a32 t32 t16 vfp)
  set(table ${CMAKE_CURRENT_LIST_DIR}/${name}.decode)
  set(base ${CMAKE_BINARY_DIR}/generated/cpu/arm64/a32/${name}.gen)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/generated/cpu/arm64/a32)
  add_custom_command(
    OUTPUT ${base}.h ${base}.c
    COMMAND decodegen ${CMAKE_BINARY_DIR}/generated cpu/arm64/a32/${name}.gen.h ${table}
    DEPENDS decodegen ${table}
    COMMENT "decode table ${name} of cpu/arm64"
    VERBATIM)
  list(APPEND ORRERY_GENERATED ${base}.h ${base}.c)
endforeach()
