"""The tagger as it is served: a run out of the store, texts in, tags out; no HTTP.

Its files in the order in which to read them::

    everywhere          records, wording, errors
    text -> numbers     words, packed, vocabulary, sparse, features
    numbers -> scores   weights, familiarity, model, evidence, sample
    scores -> tags      policy, decide
    a run on the disk   arrays, exam, check, run_folder
    the store of runs   files, history, store
    two runs            f1, permutation, paired, compare, gate
    tables              sources, dialect, tables, writing, columns, tag_table
    for every command   environment, console, option_types, objects, printing
    commands            tag_command, promote_command, __main__
"""
