# SPDX-License-Identifier: Apache-2.0
# orrery_decoder(NAME TABLES): decode tables -> generated/NAME.gen.h and .c, for example
# orrery_decoder(cpu/riscv/decode cpu/riscv/*.decode). TABLES is a pattern from the top.
function(orrery_decoder name tables)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${tables})
  set(base ${CMAKE_BINARY_DIR}/generated/${name}.gen)
  get_filename_component(folder ${base} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${base}.h ${base}.c
    COMMAND decodegen ${CMAKE_BINARY_DIR}/generated ${name}.gen.h ${files}
    DEPENDS decodegen ${files}
    COMMENT "decoder ${name}"
    VERBATIM)
  set(ORRERY_GENERATED ${ORRERY_GENERATED} ${base}.h ${base}.c PARENT_SCOPE)
endfunction()
