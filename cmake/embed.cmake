# embed_files(target symbol folder extension): compiles the files of a folder into the target as
#     const struct embedded_file SYMBOL[] (name without extension, text, length), ended by a row of zeros.
function(embed_files target symbol folder extension)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.${extension})
    set(out ${CMAKE_BINARY_DIR}/embedded/${symbol}.c)
    add_custom_command(OUTPUT ${out}
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSYMBOL=${symbol} -DFOLDER=${CMAKE_SOURCE_DIR}/${folder}
                -DEXTENSION=${extension} -P ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
        DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
        VERBATIM)
    target_sources(${target} PRIVATE ${out})
endfunction()
