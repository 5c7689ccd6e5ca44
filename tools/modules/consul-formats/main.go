// Prints what a Consul release reads, from its sources: the keys of its agent configuration, and the types of the
// entries in its Raft log and snapshots. The argument is the folder of the Go module github.com/hashicorp/consul.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

type formats struct {
	// The keys of each map by its name, beginning with Config. The value of a key is one of the kinds, "any", or the
	// name of a map, after "[]" for a list and "{}" for a map of them.
	Types map[string]map[string]string `json:"types"`
	// A deprecated key with the key to use instead, or nothing where Consul ignores it.
	Successors map[string]string `json:"successors"`
	// The entries of the Raft log and of snapshots by name, with the number that is written.
	Messages map[string]int `json:"messages"`
}

var kinds = map[string]string{
	"string": "text", "bool": "flag", "int": "number", "uint": "number", "uint32": "number", "uint64": "number",
	"float64": "number",
}

var deprecated = regexp.MustCompile(`^The '([a-z_.]+)' field is deprecated(?:\. Use the '([a-z_.]+)' field instead| and will be ignored)\.$`)

type reader struct {
	declared map[string]ast.Expr
	found    formats
}

func main() {
	read := reader{map[string]ast.Expr{}, formats{map[string]map[string]string{}, map[string]string{}, map[string]int{}}}
	for _, file := range parse("agent", "config") {
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.TypeSpec:
				read.declared[node.Name.Name] = node.Type
			case *ast.CallExpr:
				// deprecationWarning(old, new) makes the same sentence as the literals.
				if called, is := node.Fun.(*ast.Ident); is && called.Name == "deprecationWarning" {
					read.found.Successors[text(node.Args[0])] = text(node.Args[1])
				}
			case *ast.BasicLit:
				if node.Kind == token.STRING {
					if match := deprecated.FindStringSubmatch(text(node)); match != nil {
						read.found.Successors[match[1]] = match[2]
					}
				}
			}
			return true
		})
	}
	read.structure("Config", read.declared["Config"].(*ast.StructType))
	read.messages(parse("agent", "structs"))
	must(json.NewEncoder(os.Stdout).Encode(read.found))
}

// The files of a package, without tests.
func parse(folder ...string) []*ast.File {
	names, err := filepath.Glob(filepath.Join(append(append([]string{os.Args[1]}, folder...), "*.go")...))
	must(err)
	var files []*ast.File
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			must(err)
			files = append(files, file)
		}
	}
	return files
}

func (read reader) structure(name string, fields *ast.StructType) {
	if _, known := read.found.Types[name]; known {
		return
	}
	keys := map[string]string{}
	read.found.Types[name] = keys
	for _, field := range fields.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag := reflect.StructTag(text(field.Tag))
		switch key := strings.Split(tag.Get("mapstructure"), ",")[0]; key {
		case "-":
		case "":
			// The fields of an embedded struct are keys beside its own.
			embedded := read.declared[field.Type.(*ast.Ident).Name].(*ast.StructType)
			read.structure("", embedded)
			for key, value := range read.found.Types[""] {
				keys[key] = value
			}
			delete(read.found.Types, "")
		default:
			keys[key] = read.value(name+"."+key, field.Type)
			if alias := tag.Get("alias"); alias != "" {
				keys[alias] = keys[key]
			}
		}
	}
}

func (read reader) value(path string, of ast.Expr) string {
	switch of := of.(type) {
	case *ast.StarExpr:
		return read.value(path, of.X)
	case *ast.ArrayType:
		return "[]" + read.value(path, of.Elt)
	case *ast.MapType:
		return "{}" + read.value(path, of.Value)
	case *ast.StructType:
		read.structure(path, of)
		return path
	case *ast.Ident:
		if kind := kinds[of.Name]; kind != "" {
			return kind
		}
		if fields, is := read.declared[of.Name].(*ast.StructType); is {
			read.structure(of.Name, fields)
			return of.Name
		}
		return read.value(path, read.declared[of.Name])
	}
	// A type of another package, or one that takes every value.
	return "any"
}

// The constants of the block that begins with RegisterRequestType, as message 0.
func (read reader) messages(files []*ast.File) {
	for _, file := range files {
		for _, declared := range file.Decls {
			block, is := declared.(*ast.GenDecl)
			if !is || block.Tok != token.CONST {
				continue
			}
			if block.Specs[0].(*ast.ValueSpec).Names[0].Name != "RegisterRequestType" {
				continue
			}
			for _, one := range block.Specs {
				spec := one.(*ast.ValueSpec)
				number, err := strconv.Atoi(spec.Values[0].(*ast.BasicLit).Value)
				must(err)
				read.found.Messages[spec.Names[0].Name] = number
			}
		}
	}
}

func text(of ast.Expr) string {
	unquoted, err := strconv.Unquote(of.(*ast.BasicLit).Value)
	must(err)
	return unquoted
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
