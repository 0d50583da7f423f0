# SPDX-License-Identifier: Apache-2.0
set(DECODEGEN_TESTS ${CMAKE_CURRENT_LIST_DIR})
foreach(name errors opcode_errors)
  add_test(NAME tools.decodegen.${name} COMMAND ${DECODEGEN_TESTS}/${name}.sh $<TARGET_FILE:decodegen>)
endforeach()
add_test(NAME tools.decodegen.example
  COMMAND ${DECODEGEN_TESTS}/example.sh $<TARGET_FILE:decodegen> ${CMAKE_C_COMPILER} ${CMAKE_SOURCE_DIR}
    ex.gen.h decode c text)
add_test(NAME tools.decodegen.opcodes
  COMMAND ${DECODEGEN_TESTS}/example.sh $<TARGET_FILE:decodegen> ${CMAKE_C_COMPILER} ${CMAKE_SOURCE_DIR}
    cpu/x86/decode.gen.h opcodes opcodes-c opcodes-text
    cpu/x86/decode.c cpu/x86/decode_operands.c cpu/x86/disassemble.c)
