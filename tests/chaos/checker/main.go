// Reads a history of operations on registers and says whether it is linearizable.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"

	"github.com/anishathalye/porcupine"
)

// Operation is one call of one client. A call that got no answer has no Return and may take effect at any later time.
type Operation struct {
	Client  int
	Key     string
	Kind    string // read, write or cas
	Old     string // cas: the value that the compared index belonged to
	New     string // write, cas: a value that no other operation writes
	Output  string // read: the value found, empty for none
	Done    bool   // cas: whether it was applied
	Unknown bool   // no answer came
	Bounded bool   // it took effect before Return all the same
	Call    int64
	Return  int64
}

func register() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byKey := map[string][]porcupine.Operation{}
			for _, operation := range history {
				key := operation.Input.(Operation).Key
				byKey[key] = append(byKey[key], operation)
			}
			parts := [][]porcupine.Operation{}
			for _, part := range byKey {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			value, operation := state.(string), input.(Operation)
			switch operation.Kind {
			case "read":
				return operation.Unknown || operation.Output == value, value
			case "write":
				return true, operation.New
			default:
				matches := value == operation.Old
				if operation.Unknown {
					if matches {
						return true, operation.New
					}
					return true, value
				}
				if matches {
					return operation.Done, operation.New
				}
				return !operation.Done, value
			}
		},
	}
}

func main() {
	var history []Operation
	if err := json.NewDecoder(os.Stdin).Decode(&history); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	operations := []porcupine.Operation{}
	for _, operation := range history {
		end := operation.Return
		if operation.Unknown && !operation.Bounded {
			end = math.MaxInt64
		}
		operations = append(operations, porcupine.Operation{
			ClientId: operation.Client, Input: operation, Output: operation, Call: operation.Call, Return: end,
		})
	}
	if !porcupine.CheckOperations(register(), operations) {
		fmt.Println("not linearizable")
		os.Exit(1)
	}
	fmt.Println("linearizable")
}
