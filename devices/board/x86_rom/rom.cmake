# SPDX-License-Identifier: Apache-2.0
# orrery_assemble_x86(SOURCE.S SYMBOL DEPENDS...): the bytes of its .text as a table SYMBOL in generated/DIRECTORY/SOURCE.gen.h.
find_program(X86_ROM_CC x86_64-linux-gnu-gcc)
find_program(X86_ROM_OBJCOPY x86_64-linux-gnu-objcopy)
if(NOT X86_ROM_CC OR NOT X86_ROM_OBJCOPY)
  message(FATAL_ERROR "x86_64-linux-gnu-gcc, which assembles a PC's option ROM, is missing: install gcc-x86-64-linux-gnu")
endif()
function(orrery_assemble_x86 source symbol)
  get_filename_component(directory ${source} DIRECTORY)
  get_filename_component(name ${source} NAME_WE)
  set(out ${CMAKE_BINARY_DIR}/generated/${directory})
  file(MAKE_DIRECTORY ${out})
  set(script ${CMAKE_SOURCE_DIR}/tools/assemble/x86.cmake)
  add_custom_command(
    OUTPUT ${out}/${name}.gen.h
    COMMAND ${CMAKE_COMMAND} -D CC=${X86_ROM_CC} -D OBJCOPY=${X86_ROM_OBJCOPY} -D ROOT=${CMAKE_SOURCE_DIR} -D OUT=${out}
      -D SOURCE=${CMAKE_SOURCE_DIR}/${source} -D SYMBOL=${symbol} -P ${script}
    DEPENDS ${CMAKE_SOURCE_DIR}/${source} ${script} ${ARGN}
    COMMENT "${source}"
    VERBATIM)
  set(ORRERY_GENERATED ${ORRERY_GENERATED} ${out}/${name}.gen.h PARENT_SCOPE)
endfunction()
orrery_assemble_x86(devices/board/x86_rom/loader.S x86_loader_rom)
orrery_assemble_x86(tools/orrery/x86_guest/guest.S fuzz_x86_guest ${CMAKE_SOURCE_DIR}/tools/orrery/fuzz_x86_layout.h)
